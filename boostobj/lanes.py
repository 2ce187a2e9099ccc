"""Functions written once, as LLVM instructions, for one number and for a vector of them.

LLVM's loop vectoriser takes a loop apart only where it knows a vector form of everything in it. It knows none of a
function that looks numbers up in a table, and none of the instructions that a processor has for that. So such a function
is written here for any number of lanes, and each scalar call names its twin (the attribute of the vector function ABI):
the vectoriser puts the twin in its place, and rows that are left over go through the scalar form, which is the same
instructions for one lane and therefore the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

FLOAT, DOUBLE, INT64 = ir.FloatType(), ir.DoubleType(), ir.IntType(64)
_INT32, _BYTES = ir.IntType(32), ir.IntType(8).as_pointer()
_KINDS = {types.float32: FLOAT, types.float64: DOUBLE}


class Lanes:
    """Arithmetic on `n` numbers at once; with n = 1 on plain scalars."""

    def __init__(self, builder: ir.IRBuilder, n: int, features: str) -> None:
        self.builder = builder
        self.n = n
        self._permutes = "+avx512f" in features

    def kind(self, scalar: ir.Type, n: int | None = None) -> ir.Type:
        n = self.n if n is None else n
        return ir.VectorType(scalar, n) if n > 1 else scalar

    def constant(self, scalar: ir.Type, value: float) -> ir.Constant:
        return ir.Constant(self.kind(scalar), [value] * self.n if self.n > 1 else value)

    def double(self, value: float) -> ir.Constant:
        return self.constant(DOUBLE, value)

    def int64(self, value: int) -> ir.Constant:
        return self.constant(INT64, value)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        suffix = f"v{self.n}f64" if self.n > 1 else "f64"
        kind = self.kind(DOUBLE)
        return self.builder.call(self._declared(f"llvm.fma.{suffix}", kind, kind, kind, kind), [a, b, c])

    def bits(self, x: Any) -> Any:
        return self.builder.bitcast(x, self.kind(INT64))

    def from_bits(self, x: Any) -> Any:
        return self.builder.bitcast(x, self.kind(DOUBLE))

    def select(self, condition: Any, a: Any, b: Any) -> Any:
        return self.builder.select(condition, a, b)

    def any(self, condition: Any) -> Any:
        if self.n == 1:
            return condition
        mask = self.builder.bitcast(condition, ir.IntType(self.n))
        return self.builder.icmp_unsigned("!=", mask, ir.Constant(mask.type, 0))

    def lookup(self, name: str, values: np.ndarray, index: Any) -> tuple[Any, ...]:
        """Row `index` of a table of one or two doubles a row, as that many vectors. The index is below len(values)."""
        columns = values.shape[1]
        if self.n == 1:
            pointer = self._row(name, values, index)
            entry = self.builder.load(pointer)
            return (entry,) if columns == 1 else tuple(self._pick(entry, j) for j in range(columns))
        if columns == 1 and len(values) == 32 and self._permutes and self.n % 8 == 0:
            return (self._permuted(values[:, 0], index),)
        rows = [self.builder.load(self._row(name, values, self._pick(index, j))) for j in range(self.n)]
        if columns == 1:
            whole = ir.Constant(self.kind(DOUBLE), ir.Undefined)
            for j, entry in enumerate(rows):
                whole = self.builder.insert_element(whole, entry, ir.Constant(_INT32, j))
            return (whole,)
        whole = self._joined(rows)
        return tuple(self._shuffled(whole, whole, range(j, 2 * self.n, 2)) for j in range(columns))

    def _permuted(self, values: np.ndarray, index: Any) -> Any:
        """32 entries in four registers; AVX-512 picks from two at a time."""
        eight, eight_index = ir.VectorType(DOUBLE, 8), ir.VectorType(INT64, 8)
        pick = self._declared("llvm.x86.avx512.vpermi2var.pd.512", eight, eight, eight_index, eight)
        registers = [ir.Constant(eight, [float(v) for v in values[j : j + 8]]) for j in range(0, 32, 8)]
        parts = []
        for first in range(0, self.n, 8):
            part = self._shuffled(index, index, range(first, first + 8)) if self.n > 8 else index
            low = self.builder.call(pick, [registers[0], part, registers[1]])
            high = self.builder.call(pick, [registers[2], part, registers[3]])
            zero, upper = (ir.Constant(eight_index, [v] * 8) for v in (0, 16))
            in_upper = self.builder.icmp_unsigned("!=", self.builder.and_(part, upper), zero)
            parts.append(self.builder.select(in_upper, high, low))
        return self._joined(parts)

    def _joined(self, parts: Sequence[Any]) -> Any:
        """Vectors of equal length end to end; their number is a power of two."""
        while len(parts) > 1:
            size = 2 * parts[0].type.count
            parts = [self._shuffled(a, b, range(size)) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    def _shuffled(self, a: Any, b: Any, order: Sequence[int]) -> Any:
        mask = ir.Constant(ir.VectorType(_INT32, len(order)), list(order))
        return self.builder.shuffle_vector(a, b, mask)

    def _pick(self, vector: Any, lane: int) -> Any:
        return self.builder.extract_element(vector, ir.Constant(_INT32, lane))

    def _row(self, name: str, values: np.ndarray, index: Any) -> Any:
        """The address of a row of the table, which becomes a constant of the module."""
        module = self.builder.module
        entry = ir.VectorType(DOUBLE, 2) if values.shape[1] == 2 else DOUBLE
        kind = ir.ArrayType(entry, len(values))
        if name not in module.globals:
            table = ir.GlobalVariable(module, kind, name)
            table.global_constant = True
            table.linkage = "linkonce_odr"
            table.align = 64
            rows = [[float(v) for v in row] for row in values]
            table.initializer = ir.Constant(kind, [ir.Constant(entry, r if len(r) > 1 else r[0]) for r in rows])
        return self.builder.gep(module.globals[name], [ir.Constant(INT64, 0), index], inbounds=True)

    def _declared(self, name: str, result: ir.Type, *arguments: ir.Type) -> Any:
        return _function(self.builder.module, name, result, *arguments)


def _function(module: ir.Module, name: str, result: ir.Type, *arguments: ir.Type) -> ir.Function:
    known = module.globals.get(name)
    return known if known is not None else ir.Function(module, ir.FunctionType(result, arguments), name)


def width(features: str) -> int:
    """How many doubles fit into a vector register of the processor that code is made for."""
    return 8 if "+avx512f" in features else 4 if "+avx2" in features else 2


def with_twin(name: str, write: Callable[[Lanes, Any], Any]) -> Callable:
    """A function of one float32 or float64 for compiled kernels. `write` returns the result of the same type."""

    @intrinsic
    def function(typingctx, x):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            _, _, features = context.codegen().magic_tuple()
            kind = _KINDS[signature.args[0]]
            lanes = width(features) * (2 if kind == FLOAT else 1)
            scalar, twin = (_written(builder.module, f"boostobj.{name}.{n}", kind, n, features, write) for n in (1, lanes))
            _keep(builder.module, twin)
            call = builder.call(scalar, args)
            # llvmlite knows no attribute with a value; the set it prints does.
            set.add(call.attributes, f'"vector-function-abi-variant"="_ZGV_LLVM_N{lanes}v_{scalar.name}({twin.name})"')
            return call

        return (x(x), codegen) if x in _KINDS else None

    return function


def _written(
    module: ir.Module, name: str, scalar: ir.Type, n: int, features: str, write: Callable[[Lanes, Any], Any]
) -> ir.Function:
    if name in module.globals:
        return module.globals[name]
    kind = ir.VectorType(scalar, n) if n > 1 else scalar
    function = _function(module, name, kind, kind)
    function.linkage = "linkonce_odr"
    for attribute in ("nounwind", "readnone", "noinline"):  # inlined, the scalar call would no longer name its twin
        function.attributes.add(attribute)
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(write(Lanes(builder, n, features), function.args[0]))
    return function


def _keep(module: ir.Module, twin: ir.Function) -> None:
    """Nothing calls a twin before loops are vectorised: without this it would be gone by then."""
    name = "llvm.compiler.used"
    known = module.globals.pop(name, None)
    kept = list(known.initializer.constant) if known else []
    pointer = twin.bitcast(_BYTES)
    if str(pointer) not in map(str, kept):
        kept.append(pointer)
    used = ir.GlobalVariable(module, ir.ArrayType(_BYTES, len(kept)), name)
    used.linkage, used.section = "appending", "llvm.metadata"
    used.initializer = ir.Constant(used.value_type, kept)


@intrinsic
def turn_tile(typingctx, source, row, column, target, target_row, target_column):  # type: ignore[no-untyped-def]
    """target[target_row + j, target_column + i] = source[row + i, column + j] for i and j below 8: a tile in registers.

    Both arrays have their rows in one piece. A loop would move one number at a time.
    """

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        def rows(kind: Any, array: Any, first: Any, column: Any) -> list[Any]:
            made = context.make_array(kind)(context, builder, array)
            step, size = cgutils.unpack_tuple(builder, made.strides, 2)
            vector = ir.VectorType(context.get_data_type(kind.dtype), 8).as_pointer()
            start = builder.add(builder.mul(first, step), builder.mul(column, size))
            offsets = (builder.add(start, builder.mul(ir.Constant(step.type, i), step)) for i in range(8))
            return [cgutils.pointer_add(builder, made.data, offset, vector) for offset in offsets]

        vectors = []
        item = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        for pointer in rows(signature.args[0], *args[:3]):
            vectors.append(builder.load(pointer, align=item))
        for _ in range(3):  # three perfect shuffles of eight vectors turn them
            pairs = list(zip(vectors[:4], vectors[4:], strict=True))
            vectors = []
            for a, b in pairs:
                for low in (0, 4):
                    order = [i for j in range(low, low + 4) for i in (j, j + 8)]
                    mask = ir.Constant(ir.VectorType(_INT32, 8), order)
                    vectors.append(builder.shuffle_vector(a, b, mask))
        for vector, pointer in zip(vectors, rows(signature.args[3], *args[3:]), strict=True):
            builder.store(vector, pointer, align=item)
        return context.get_dummy_value()

    if not (source.layout == target.layout == "C" and source.dtype == target.dtype):
        return None
    place = types.intp
    return types.none(source, place, place, target, place, place), codegen
