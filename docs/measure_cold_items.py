"""Gain from item features for items with few likes: the hybrid model with and without them.

    python docs/measure_cold_items.py movielens-small
    python docs/measure_cold_items.py path/to/ml-100k

Prints the share of held-out validation likes among the first 100, HR@100, by the number of training likes of the item,
and the gain from features with its 95 % interval over users. The hyperparameters are fixed and the same for both.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.datasets import DataOptions, load
from evaluation.fold import Fold
from evaluation.significance import paired_difference
from evaluation.split import SplitOptions, split_likes
from studies.registry import load_spec
from studies.trial import fit_and_rank

DRAWS, SEEDS, FIRST = 15, 2, 100
spec = load_spec("hybrid")
config = spec.config({"reg_user": 0.1, "reg_item": 0.1}, n_epochs=20)


def found(folds: Sequence[Fold]) -> np.ndarray:
    """Share of the seeds for which each held-out like is among the first ``FIRST``, over all folds in order."""
    ranks = [np.concatenate([r.ranks for r in fit_and_rank(spec, config, folds, seed=seed)]) for seed in range(SEEDS)]
    return np.mean([each <= FIRST for each in ranks], axis=0)


data = load(DataOptions(data=sys.argv[1], keep_features=True))
folds = split_likes(data, SplitOptions(draws=DRAWS)).validation
known, unknown = found(folds), found([replace(fold, item_features=None) for fold in folds])
users = np.concatenate([np.repeat(fold.users, np.diff(fold.held_out.indptr)) for fold in folds])
n_likes = np.concatenate(
    [np.bincount(fold.train.indices, minlength=data.n_items)[fold.held_out.indices] for fold in folds]
)
print(f"{'likes of the item':<18}{'held out':>10}{'with':>8}{'without':>9}   gain")
ranges = {"fewer than 10": (0, 10), "10 to 99": (10, 100), "100 or more": (100, np.inf), "all": (0, np.inf)}
for label, (low, high) in ranges.items():
    some = (n_likes >= low) & (n_likes < high)
    if not some.any():
        continue
    gain = paired_difference(users[some], known[some], unknown[some], seed=0)
    line = f"{label:<18}{some.sum():10,}{known[some].mean():8.4f}{unknown[some].mean():9.4f}"
    print(f"{line}   {gain.mean:+.4f} [{gain.low:+.4f} to {gain.high:+.4f}]")
