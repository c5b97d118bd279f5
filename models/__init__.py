"""The algorithms: the base class in ``models.base``, one model a file, numba functions in ``models.kernels``."""
