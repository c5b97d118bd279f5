"""Our kernels against other libraries: the same work, on the same data, in turns, each in a process of its own."""

#: Kinds of contest, as ``--only`` names them.
GROUPS = ("ials", "bpr", "warp", "item2item", "top-100", "ranks", "ratings")
