"""Compiler options for functions that a kernel calls for every row, draw or step.

numba updates a reference count for each array at every call, and LLVM rarely inlines functions of many arrays by
itself.  The counts are atomic and shared by all threads: two of them made a step of SGD two to three times slower.  A
function with these options becomes part of its caller and counts no references; it must neither allocate nor return an
array.
"""

#: For ``njit``; divisions are not checked for zero, since a loop that might raise is not vectorised.
INLINED = {"nogil": True, "forceinline": True, "_nrt": False, "error_model": "numpy"}
