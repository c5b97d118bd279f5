"""Run three commands on one study while commands and servers are killed at random; every trial is there once.

    python -m tests.studies.soak --minutes 30
    python -m tests.studies.soak --minutes 10 --sqlite

The script starts PostgreSQL, MLflow's server and three ``bench.study`` commands on one study, one of them with
``--workers 2``. Every few seconds it kills or stops a command, kills a worker, or stops one of the servers and starts
it again up to 20 seconds later. It starts a command again whenever one has ended. With ``--sqlite`` the study is in a
file of this machine instead of PostgreSQL.

At the end one command runs undisturbed. Then the study must hold the configurations that follow from its seed: each of
them finished once, none lost, doubled or changed since it finished, and each once in MLflow. No command may have ended
by itself and no process may be left.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from studies.history import StudyHistory
from studies.samplers.seeded import make_sampler
from studies.storage.errors import StorageError
from studies.storage.opening import load_study, open_storage
from studies.storage.requeueing import is_abandoned, is_finished
from studies.storage.schema import AGAIN, COMMAND, ERROR, OWNER, RESULT, SURPLUS
from tests.servers import MlflowServer, PostgreSQL, find_postgresql, restartable_postgresql
from tests.studies.stored_runs import Store, assert_holds

ROOT = Path(__file__).resolve().parents[2]
MODEL, STUDY, DATA = "rp3beta", "soak", "movielens-small"
ENDLESS = 1_000_000
MARK = "MFBENCH_SOAK"  #: in the environment of all that is started, so that what is left is found
FORGIVEN = "Cannot open the storage"  #: what a command may say that was started while the server was away
LONGEST_ABSENCE = 20.0
LONGEST_PAUSE = 8.0  #: between two disturbances


@dataclass
class Command:
    """One of the commands, which is started again whenever it has ended."""

    words: list[str]
    folder: Path
    environment: dict[str, str]
    ended_by_itself: list[str] = field(default_factory=list)  #: and should not have
    starts: int = 0

    def start(self, n_trials: int = ENDLESS) -> None:
        self._expected = False
        self.starts += 1
        with (self.folder / f"{id(self)}.{self.starts}").open("w") as self._log:
            self.process = subprocess.Popen(
                [*self.words, "--trials", str(n_trials)],
                cwd=self.folder,
                env=self.environment,
                stdout=self._log,
                stderr=self._log,
            )

    def said(self) -> str:
        return Path(self._log.name).read_text()

    def send(self, which: signal.Signals) -> None:
        self._expected = True
        self.process.send_signal(which)

    def keep_running(self) -> None:
        if self.process.poll() is None:
            return
        if not self._expected and FORGIVEN not in self.said():
            self.ended_by_itself.append(f"exit code {self.process.returncode}: {self.said()[-500:]}")
        self.start()


class Soak:
    """The servers, the commands, and what has been seen of the study."""

    def __init__(self, stack: ExitStack, folder: Path, moments: random.Random, *, sqlite: bool) -> None:
        self.postgresql: PostgreSQL | None = None
        self.storage = f"sqlite:///{folder}/soak.db"
        if not sqlite:
            programs = find_postgresql()
            assert programs is not None, "PostgreSQL is not installed"
            self.postgresql = stack.enter_context(restartable_postgresql(programs))
            self.storage = self.postgresql.url
        self.mlflow = MlflowServer(folder)
        stack.callback(self.mlflow.stop)
        self.mlflow.start()
        self.moments = moments
        self.mark = uuid.uuid4().hex
        self.seen: dict[int, tuple[Any, ...]] = {}
        self.done: Counter[str] = Counter()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), MARK: self.mark}
        words = [
            sys.executable,
            "-m",
            "bench.study",
            "--model",
            MODEL,
            "--data",
            DATA,
            "--draws",
            "1",
            "--threads",
            "1",
        ]
        words += ["--sampler", "random", "--rescore", "0", "--study-name", STUDY, "--storage", self.storage]
        words += ["--tracking-uri", self.mlflow.url]
        self.commands = [Command([*words, "--workers", n], folder, environment) for n in ("1", "1", "2")]
        stack.callback(self.end_commands)

    def disturb(self) -> None:
        """Do something bad."""
        ways: dict[str, tuple[int, Callable[[], object]]] = {
            "commands killed": (6, lambda: self.moments.choice(self.commands).send(signal.SIGKILL)),
            "commands stopped": (2, lambda: self.moments.choice(self.commands).send(signal.SIGTERM)),
            "workers killed": (1, self.kill_worker),
            "restarts of MLflow": (2, self.restart_mlflow),
        }
        if server := self.postgresql:
            ways["restarts of PostgreSQL"] = (3, lambda: self.restart(server))
        (name,) = self.moments.choices(list(ways), [weight for weight, _ in ways.values()])
        ways[name][1]()
        self.done[name] += 1

    def kill_worker(self) -> None:
        running = self.trials(TrialState.RUNNING)
        workers = [trial.user_attrs[OWNER.key] for trial in running if COMMAND.is_in(trial.user_attrs)]
        if workers:
            with suppress(ProcessLookupError):
                os.kill(int(self.moments.choice(workers).split()[-2]), signal.SIGKILL)

    def restart(self, server: PostgreSQL) -> None:
        server.stop(self.moments.choice(("fast", "immediate", "kill")))
        self.pause(self.moments.choice((0.0, self.moments.uniform(0, LONGEST_ABSENCE))))
        server.start()

    def restart_mlflow(self) -> None:
        self.mlflow.stop()
        self.pause(self.moments.uniform(0, LONGEST_ABSENCE))
        self.mlflow.start()

    def pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for command in self.commands:
                command.keep_running()
            time.sleep(0.1)

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """None before the study has begun."""
        try:
            study = load_study(open_storage(self.storage), STUDY)
        except StorageError:
            return []
        return study.get_trials(states=states or None)

    def look(self) -> None:
        """AssertionError where a finished trial is lost or has changed since it was first seen."""
        finished = {trial.number: summary(trial) for trial in self.trials() if is_finished(trial)}
        changed = {number for number, trial in self.seen.items() if finished.get(number) != trial}
        assert not changed, f"finished trials that are lost or changed: {sorted(changed)}"
        self.seen = finished

    def end_commands(self) -> None:
        for command in self.commands:
            command.process.kill()
            command.process.wait()

    def finish(self) -> int:
        """Let one command run what was begun and five trials more; returns how many trials the study has."""
        self.end_commands()
        n_trials = sum(not is_abandoned(trial) for trial in self.trials()) + 5
        last = self.commands[-1]
        last.start(n_trials)
        assert last.process.wait(timeout=1800) == 0, last.said()
        self.look()
        sync = [
            *last.words[:3],
            "--sync",
            *last.words[last.words.index("--study-name") : last.words.index("--workers")],
        ]
        subprocess.run(sync, cwd=last.folder, env=last.environment, check=True)
        return n_trials

    def orphans(self) -> list[str]:
        """Processes that a command has started and that outlive it."""
        left = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"{MARK}={self.mark}".encode() in (process / "environ").read_bytes():
                    left.append((process / "cmdline").read_text().replace("\0", " "))
        return left


def summary(trial: FrozenTrial) -> tuple[Any, ...]:
    """What never changes of a finished trial."""
    return trial.state, trial.params, trial.values, trial.user_attrs.get(RESULT.key), ERROR.read(trial.user_attrs)


def draws(defaults: FrozenTrial, n_trials: int) -> list[dict[str, Any]]:
    """The configurations of the first ``n_trials`` of the study, of which ``defaults`` is the first."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=make_sampler("random", 0, {}))
    study.enqueue_trial(defaults.params)
    return [study.ask(defaults.distributions).params for _ in range(n_trials)]


def assert_every_trial_once(soak: Soak, n_trials: int) -> None:
    trials = soak.trials()
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert all(trial.state.is_finished() for trial in trials), "trials that run or wait are left"
    finished = [trial for trial in trials if is_finished(trial)]
    expected = Counter(map(configuration, draws(finished[0], n_trials)))
    assert Counter(configuration(trial.params) for trial in finished) == expected
    repeated = Counter(trial.user_attrs[AGAIN.key] for trial in trials if AGAIN.is_in(trial.user_attrs))
    assert set(repeated) == {
        trial.number for trial in trials if is_abandoned(trial) and not SURPLUS.is_in(trial.user_attrs)
    }
    assert set(repeated.values()) <= {1}, "configurations that were queued twice"


def configuration(params: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(sorted(params.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=2.0, help="of disturbances (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the disturbances (%(default)s)")
    parser.add_argument("--sqlite", action="store_true", help="keep the study in a file, not in PostgreSQL")
    args = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        soak = Soak(stack, folder, random.Random(args.seed), sqlite=args.sqlite)
        for command in soak.commands:
            command.start()
        end = time.monotonic() + 60 * args.minutes
        while time.monotonic() < end:
            soak.pause(soak.moments.uniform(1.0, LONGEST_PAUSE))
            soak.disturb()
            soak.look()
        n_trials = soak.finish()
        print(", ".join(f"{n} {name}" for name, n in sorted(soak.done.items())))
        trials = soak.trials()
        failed = [trial.user_attrs[ERROR.key] for trial in trials if ERROR.is_in(trial.user_attrs)]
        print(f"{len(trials)} trials, {n_trials} finished, {len(failed)} of them failed")
        print(f"{sum(command.starts for command in soak.commands)} starts of commands")
        assert_every_trial_once(soak, n_trials)
        ended = [said for command in soak.commands for said in command.ended_by_itself]
        assert not ended, "commands that ended by themselves:\n" + "\n".join(ended)
        assert not failed, failed
        store = Store(soak.mlflow.url, DATA)
        assert_holds(store, StudyHistory(load_study(open_storage(soak.storage), STUDY)).record())
        assert not (left := soak.orphans()), f"processes that are left: {left}"
        print("Every trial is there once, in the study and in MLflow, and no process is left")


if __name__ == "__main__":
    main()
