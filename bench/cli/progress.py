"""Progress of a search in the terminal."""

from __future__ import annotations

from typing import Any, Self

from tqdm import tqdm

from studies.history import StudyHistory

__all__ = ["ProgressBar"]


class ProgressBar:
    """Trials done, the best so far and the time left; outside a terminal only failed trials are printed."""

    _bar: Any = None  #: set when the number of trials is known

    def search_started(self, history: StudyHistory) -> None:
        self._bar = tqdm(
            total=history.n_trials,
            initial=len(history.finished()),  # the rate counts only trials of this run
            unit="trial",
            disable=None,
            dynamic_ncols=True,
            bar_format="{desc}: {n}/{total} |{bar}| {elapsed} elapsed, {remaining} left{postfix}",
            desc="trials",
        )
        self._show_best(history)

    def trial_finished(self, history: StudyHistory, number: int) -> None:
        if error := history.error(number):
            self._bar.write(f"trial {number} failed: {error}")
        self._bar.update(len(history.finished()) - self._bar.n)
        self._show_best(history)

    def rescoring(self, done: int, total: int) -> None:
        self._bar.set_description(f"re-scoring {done} of {total} on fresh draws")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _show_best(self, history: StudyHistory) -> None:
        if best := history.best():
            self._bar.set_postfix_str(f"best {history.metric.label} {best.values[0]:.4f} (trial {best.number})")
