"""The algorithms: one contract (base), one thin adapter a file, kernels beneath."""
