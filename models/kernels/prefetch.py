"""Prefetching of rows that are scattered over more memory than a core's cache, before they are needed."""

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from models.kernels.inlined import INLINED

LINE = 16  # number of float32 in a cache line
SMALL = 1 << 20  # number of float32 that fit into the caches, where prefetching costs more than it gains
MOST = 256  # rows prefetched at a time: more would evict each other from the cache

SIGNATURE = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, *3 * [cgutils.int32_t]])
READ, KEEP, DATA = (ir.Constant(cgutils.int32_t, n) for n in (0, 3, 1))


@njit(**INLINED)
def prefetch_rows(Y, rows, first, last):
    """Prefetch rows ``rows[first:last]`` of ``Y`` (float32), at most ``MOST`` of them, if ``Y`` is large."""
    if Y.size < SMALL:
        return
    for p in range(first, min(last, first + MOST)):
        for column in range(0, Y.shape[1], LINE):
            _prefetch(Y, rows[p], column)


@intrinsic
def _prefetch(typing_context, array, row, column):
    """Emit LLVM's prefetch instruction for the address of ``array[row, column]``."""

    def emit(context, builder, signature, arguments):
        array_type = signature.args[0]
        place = [
            context.cast(builder, index, given, types.intp)
            for index, given in zip(arguments[1:], signature.args[1:], strict=True)
        ]
        values = context.make_array(array_type)(context, builder, arguments[0])
        pointer = cgutils.get_item_pointer(context, builder, array_type, values, place)
        pointer = builder.bitcast(pointer, cgutils.voidptr_t)
        instruction = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], SIGNATURE)
        builder.call(instruction, [pointer, READ, KEEP, DATA])
        return context.get_dummy_value()

    return types.void(array, row, column), emit
