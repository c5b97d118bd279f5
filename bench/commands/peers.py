"""The work of ``bench.peers``: the tasks run on each data set, their lines, a page and the numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tqdm import tqdm

from bench.benchmarks.session import SessionOptions, absent_libraries, can_run, run_session
from bench.benchmarks.sets import BenchmarkData, load_benchmark_data, sets_for
from bench.benchmarks.tasks import MAX_EPOCHS, Task, tasks_of
from bench.benchmarks.terminal import result_lines
from bench.cli.options import Arguments
from bench.cli.run import stop_on_signal, writable_folder
from bench.commands.options import PeersCommand
from bench.datasets import DataOptions
from reports.peers.page import write_peers
from studies.record.as_json import to_json
from studies.record.files import write_whole
from studies.record.peers import PeersRecord

__all__ = ["compare_with_peers"]


def compare_with_peers(arguments: Arguments) -> int:
    """Run the tasks, print the results and return the exit code."""
    options = arguments.build(PeersCommand)
    tasks = tasks_of(options.only, max_epochs=options.epochs or MAX_EPOCHS)
    folder = writable_folder(arguments["report-dir"])
    skipped = absent_libraries(tasks)
    for name, reason in skipped.items():
        print(f"{name} takes no part: {reason}")
    session = SessionOptions(
        tasks=tasks, threads=options.threads or _default_threads(), n_runs=options.runs, skipped=skipped
    )
    with stop_on_signal() as stop:
        sets = _load_sets(arguments, tasks, options)
        with tqdm(total=session.n_steps(sets), unit="run", disable=None, dynamic_ncols=True) as bar:

            def step(what: str) -> None:
                bar.set_description_str(what, refresh=False)
                bar.update()

            record = run_session(
                session,
                sets,
                command=arguments.command,
                on_step=step,
                on_result=lambda contest: bar.write("\n".join(["", *result_lines(contest)])),
                should_stop=stop,
            )
    page = write_peers(record, folder)
    write_whole(page.with_suffix(".json"), to_json(record, indent=2) + "\n")
    print(f"\nReport: {page}\nNumbers: {page.with_suffix('.json')}")
    return 128 + stop.signal if stop.signal else _exit_code(record)


def _load_sets(arguments: Arguments, tasks: Sequence[Task], options: PeersCommand) -> list[BenchmarkData]:
    """Load the data sets, and print which tasks cannot run on one of them."""
    of_ratings = [task for task in tasks if task.needs_ratings]
    of_features = [task for task in tasks if task.needs_features]
    named = arguments["data"]
    data_options = arguments.build(
        DataOptions,
        data=named or DataOptions.data,
        keep_ratings=bool(of_ratings),
        keep_features=bool(of_features),
    )
    sets = [load_benchmark_data(each, data_options, options.seed) for each in sets_for(named, with_large=options.large)]
    for data in sets:
        for needed, its_tasks in (("ratings", of_ratings), ("features", of_features)):
            if not all(can_run(task, data) for task in its_tasks):
                print(f"{data.about.label} has no {needed}: left out of benchmarks of models that learn from them")
    return sets


def _exit_code(record: PeersRecord) -> int:
    """1 if one of our kernels failed; failures of other libraries are their own."""
    return int(any(entry.problem for contest in record.contests for entry in contest.entries if entry.is_ours))


def _default_threads() -> tuple[int, ...]:
    return (1, 2) if (os.cpu_count() or 1) > 1 else (1,)
