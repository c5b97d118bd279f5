"""Our kernels against other libraries: the same work, on the same data, in turns, each in a process of its own."""

#: Kinds of contest, as ``--only`` names them.
GROUPS = ("ials", "ials-64", "ials-128", "bpr", "warp", "hybrid", "item2item", "top-100", "ranks", "ratings")
MIN_EPOCHS = 4  #: that every implementation with epochs runs: the first has set-up in it, the others are timed
