"""Models of other libraries behind our contract: the library fits, and what it has fitted is asked as ours are.

Each takes a like as 1, whatever its weight, as not all of them know weights. Hyperparameters have the library's names.
"""
