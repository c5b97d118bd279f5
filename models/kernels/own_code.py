"""Make a kernel run the same machine code in the process that compiles it as in those that load it from numba's cache.

numba optimises each function, links it into its callers (a parallel loop's body into its kernel) and optimises it again
there.  With ``reassoc`` the second pass may put a sum in another order.  The copies have the same name, and LLVM's
loader takes the first that it meets: the function's own code where the kernel was compiled, the kernel's copy where it
came from the cache.  Copies with internal linkage are called by their own kernel alone, in both cases.
"""

from llvmlite.binding import Linkage
from numba.core.codegen import CPUCodeLibrary

LINKED_IN = (Linkage.linkonce_odr, Linkage.weak_odr)  # how numba marks the functions of other libraries

_load = CPUCodeLibrary._finalize_final_module


def _load_with_own_copies(library):
    copies = [(f, f.linkage) for f in library._final_module.functions if f.linkage in LINKED_IN]
    for function, _ in copies:
        function.linkage = Linkage.internal
    _load(library)
    for function, linkage in copies:
        function.linkage = linkage  # the library will itself be linked into callers


def call_own_copies():
    """Give every function that numba compiles in this process its own copies of the functions that it calls."""
    CPUCodeLibrary._finalize_final_module = _load_with_own_copies
