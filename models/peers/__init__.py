"""Models of other libraries as subclasses of Recommender: the library fits, and the fitted arrays are scored here.

Weights of likes do not count, since not all of the libraries have weights. Hyperparameters have the library's names.
"""
