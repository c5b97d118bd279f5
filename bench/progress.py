"""How a search goes, in the terminal."""

from __future__ import annotations

from typing import Any, Self

from tqdm import tqdm

from studies.history import StudyHistory

__all__ = ["ProgressBar"]


class ProgressBar:
    """Trials done, the best so far and the time left; silent where nobody watches, but for failed trials."""

    _bar: Any = None  #: from the moment when it is known how many trials there will be

    def search_started(self, history: StudyHistory) -> None:
        self._bar = tqdm(
            total=history.n_trials,
            initial=len(history.finished()),  # so that the rate is of this run's trials alone
            unit="trial",
            disable=None,
            dynamic_ncols=True,
            bar_format="{desc}: {n}/{total} |{bar}| {elapsed} gone, {remaining} left{postfix}",
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
