"""Benchmarks of our kernels against other libraries: same task, same data, in turn, each in its own process."""

#: Groups of tasks, the values of ``--only``.
GROUPS = ("ials", "ials-64", "ials-128", "bpr", "warp", "hybrid", "item2item", "top-100", "ranks", "ratings")
MIN_EPOCHS = 4  #: minimum epochs per run: the first includes set-up, the others are timed
