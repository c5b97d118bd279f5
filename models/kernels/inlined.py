"""How to compile what a kernel calls for every row, draw or step.

numba counts a reference to each array at every call, and LLVM inlines few functions of many arrays by itself.  The
counts are atomic and shared by all threads: two of them made a step of SGD two to three times slower.  A function
with these options is part of its caller and counts nothing, so that it must neither allocate nor return an array.
"""

#: For ``njit``; a division by zero is not checked for, since a loop that might raise is not vectorised.
INLINED = {"nogil": True, "forceinline": True, "_nrt": False, "error_model": "numpy"}
