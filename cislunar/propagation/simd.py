"""Lanes: one explicit SIMD type for compiled kernels.

A value of type `lanes` holds `LANES` float64 numbers, a value of type `mask` as many truth values; both are
plain LLVM vectors (`<8 x double>`, `<8 x i1>`). Kernels treat them as numbers: `+ - * /`, comparisons,
`abs`, `np.sqrt`, `inverse_sqrt`, `np.minimum`, `np.maximum` and `np.where` work lane by lane and accept
floats on either side, so a formula written for floats or NumPy arrays runs on lanes unchanged. Every formula
must select with `np.where`, never branch.

Products and sums carry LLVM's `contract` flag: they become fused multiply-adds where the processor has them
and stay a product and a sum where it has not. (`llvm.fma` would call the C library once per operation
there.)

The number of lanes is a constant of the process: 8, or the value of the environment variable
`CISLUNAR_LANES`.

The functions below the operators (`pointer`, `beyond`, `load`, `store`, `splat`, `lane`, `with_lane`,
`mask_bits`, `any_lane`, `all_lanes`, `float_bits`, `from_float_bits`, `apart`) exist inside compiled kernels
only.
"""

from __future__ import annotations

import builtins
import operator
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending
from numba.core import types
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, lower_cast, models, overload, register_model

from cislunar.errors import InputError

SUPPORTED_LANES = (1, 2, 4, 8, 16)


def _lanes_of_this_process() -> int:
    text = os.environ.get("CISLUNAR_LANES", "8")
    if text not in map(str, SUPPORTED_LANES):
        raise InputError(
            f"environment variable CISLUNAR_LANES: expected one of {SUPPORTED_LANES}; got {text!r}"
        )
    return int(text)


LANES = _lanes_of_this_process()
"""Number of float64 values in one `lanes` value."""

_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_INTEGERS = ir.VectorType(ir.IntType(64), LANES)
_BITS = ir.VectorType(ir.IntType(1), LANES)
intrinsic: Any = (
    extending.intrinsic
)  # typed as Any: the arguments of the typing function differ from the caller's
_CONTRACT = ("contract",)


class LanesType(types.Type):
    """The numba type of `LANES` float64 values."""

    def __init__(self) -> None:
        super().__init__(name=f"f64x{LANES}")

    def can_convert_from(self, typingctx: Any, other: types.Type) -> Conversion | None:
        """Let every real number widen to lanes."""
        return Conversion.promote if isinstance(other, types.Number) else None


class MaskType(types.Type):
    """The numba type of `LANES` truth values."""

    def __init__(self) -> None:
        super().__init__(name=f"i1x{LANES}")


lanes_type = LanesType()
mask_type = MaskType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: types.Type) -> None:
        super().__init__(manager, numba_type, _DOUBLES)


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: types.Type) -> None:
        super().__init__(manager, numba_type, _BITS)


def _broadcast(builder: ir.IRBuilder, value: ir.Value, vector: ir.VectorType) -> ir.Value:
    index = ir.Constant(ir.IntType(32), 0)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, index)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)


@lower_cast(types.Number, LanesType)
def _number_to_lanes(
    context: Any, builder: ir.IRBuilder, source: types.Type, _: types.Type, value: Any
) -> Any:
    return _broadcast(builder, context.cast(builder, value, source, types.float64), _DOUBLES)


# Operators: lanes with lanes or numbers give lanes or a mask, by one LLVM instruction each.


def _define(
    names: tuple[Any, ...],
    arguments: tuple[types.Type, ...],
    result: types.Type,
    emit: Callable[..., ir.Value],
) -> None:
    """Let `emit(builder, *values)` be the meaning of the functions or operators `names` on lanes or masks."""

    class Template(AbstractTemplate):
        def generic(self, args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Any:
            if kws or len(args) != len(arguments) or not any(a in (lanes_type, mask_type) for a in args):
                return None
            pairs = zip(args, arguments, strict=True)
            fits = all(a == b or (b is lanes_type and isinstance(a, types.Number)) for a, b in pairs)
            return signature(result, *arguments) if fits else None

    def implementation(
        _context: Any, builder: ir.IRBuilder, _signature: Any, args: tuple[ir.Value, ...]
    ) -> ir.Value:
        return emit(builder, *args)

    for name in names:
        infer_global(name)(type("LanesTemplate", (Template,), {"key": name}))
        lower_builtin(name, *arguments)(implementation)


def _call(name: str) -> Callable[[ir.IRBuilder, ir.Value], ir.Value]:
    def emit(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
        kind = ir.FunctionType(_DOUBLES, [_DOUBLES])
        return builder.call(builder.module.declare_intrinsic(f"{name}.v{LANES}f64", (), kind), [value])

    return emit


def inverse_root_steps(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """Emit `1 / sqrt(x)`: a guess from the bit pattern and two steps of Householder's method [2]_.

    The bit pattern of a float is roughly its logarithm, so a shift and a difference of integers give the root
    within 3.5 per cent [1]_. With `e = 1 - x y^2` the root is `y (1 - e)^(-1/2)`: its series to third order,
    fitted over the range of `e`, leaves 1.5e-6, and to second order 1e-18.

    References
    ----------
    .. [1] C. Lomont, "Fast Inverse Square Root" (2003).
    .. [2] A. S. Householder, "The Numerical Treatment of a Single Nonlinear Equation" (1970), section 4.4.
    """

    def number(value: float) -> ir.Constant:
        return ir.Constant(_DOUBLES, [value] * LANES)

    def times(a: ir.Value, b: ir.Value) -> ir.Value:
        return builder.fmul(a, b, flags=_CONTRACT)

    shift, seed = ir.Constant(_INTEGERS, [1] * LANES), ir.Constant(_INTEGERS, [_ROOT_SEED] * LANES)
    bits = builder.sub(seed, builder.lshr(builder.bitcast(x, _INTEGERS), shift))
    y = builder.bitcast(bits, _DOUBLES)
    for series in _ROOT_SERIES:
        rest = builder.fsub(number(1.0), times(times(x, y), y), flags=_CONTRACT)
        factor: ir.Value = number(series[-1])
        for coefficient in series[-2::-1]:
            factor = builder.fadd(times(factor, rest), number(coefficient), flags=_CONTRACT)
        y = builder.fadd(times(times(y, rest), factor), y, flags=_CONTRACT)
    return y


def _root(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """Emit `sqrt(x)` as `x / sqrt(x)`, for zero and normal positive numbers."""
    zero = ir.Constant(_DOUBLES, [0.0] * LANES)
    root = builder.fmul(x, inverse_root_steps(builder, x))
    return builder.select(builder.fcmp_ordered("==", x, zero), zero, root)


_ROOT_SEED = 0x5FE6EB50C7B537A9
_ROOT_SERIES = ((0.50000007, 0.37595915, 0.31301145), (0.5, 0.375))


def inverse_sqrt(x: Any) -> Any:
    """Return `1 / sqrt(x)` of a float, an array or lanes, `x` a normal positive number.

    Lanes are spared the two slowest instructions of a processor: on eight of them a root and a division take
    as long as some forty multiply-adds, this takes eleven. It is good to 0.9 units in the last place.
    """
    return 1.0 / np.sqrt(x)


@overload(inverse_sqrt)
def _inverse_sqrt_of_numbers(x: Any) -> Any:
    return inverse_sqrt if isinstance(x, types.Number | types.Array) else None


def alike(value: Any, number: Any) -> Any:
    """Return `number` as the kind of thing that `value` is: a float, an array of its shape, or lanes."""
    return number + 0.0 * value


@overload(alike)
def _alike(value: Any, number: Any) -> Any:
    def of_lanes(value: Any, number: Any) -> Any:
        return splat(number)

    return of_lanes if value is lanes_type else alike


def _compare(symbol: str) -> Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value]:
    test = "fcmp_unordered" if symbol == "!=" else "fcmp_ordered"
    return lambda builder, a, b: getattr(builder, test)(symbol, a, b)


def _extreme(symbol: str) -> Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value]:
    return lambda builder, a, b: builder.select(builder.fcmp_ordered(symbol, a, b), a, b)


_TWO = (lanes_type, lanes_type)
_MASKS = (mask_type, mask_type)
_define((operator.add, operator.iadd), _TWO, lanes_type, lambda b, x, y: b.fadd(x, y, flags=_CONTRACT))
_define((operator.sub, operator.isub), _TWO, lanes_type, lambda b, x, y: b.fsub(x, y, flags=_CONTRACT))
_define((operator.mul, operator.imul), _TWO, lanes_type, lambda b, x, y: b.fmul(x, y, flags=_CONTRACT))
_define((operator.truediv, operator.itruediv), _TWO, lanes_type, lambda b, x, y: b.fdiv(x, y))
_define((operator.neg,), (lanes_type,), lanes_type, lambda b, x: b.fneg(x))
_define((operator.pos,), (lanes_type,), lanes_type, lambda b, x: x)
_define((np.sqrt,), (lanes_type,), lanes_type, _root)
_define((inverse_sqrt,), (lanes_type,), lanes_type, inverse_root_steps)
_define((np.floor,), (lanes_type,), lanes_type, _call("llvm.floor"))
_define((builtins.abs, np.abs), (lanes_type,), lanes_type, _call("llvm.fabs"))
_define((np.minimum, builtins.min), _TWO, lanes_type, _extreme("<"))
_define((np.maximum, builtins.max), _TWO, lanes_type, _extreme(">"))
_define((operator.lt,), _TWO, mask_type, _compare("<"))
_define((operator.le,), _TWO, mask_type, _compare("<="))
_define((operator.gt,), _TWO, mask_type, _compare(">"))
_define((operator.ge,), _TWO, mask_type, _compare(">="))
_define((operator.eq,), _TWO, mask_type, _compare("=="))
_define((operator.ne,), _TWO, mask_type, _compare("!="))
_define((operator.and_, operator.iand, np.logical_and), _MASKS, mask_type, lambda b, x, y: b.and_(x, y))
_define((operator.or_, operator.ior, np.logical_or), _MASKS, mask_type, lambda b, x, y: b.or_(x, y))
_define((operator.invert, np.logical_not), (mask_type,), mask_type, lambda b, x: b.not_(x))


def _type_select(_typingctx: Any, mask: Any, yes: Any, no: Any) -> Any:
    def emit(_context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> ir.Value:
        return builder.select(*args)

    return lanes_type(mask_type, lanes_type, lanes_type), emit


_select = intrinsic(_type_select)


@overload(np.where)
def _where(condition: Any, x: Any, y: Any) -> Any:
    def implementation(condition: Any, x: Any, y: Any) -> Any:
        return _select(condition, x, y)

    return implementation if condition is mask_type else None


# Movement between lanes, memory and scalars.


class PointerType(types.Type):
    """The numba type of the address of an array: what `pointer` returns."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(name=f"pointer({dtype})")


@register_model(PointerType)
class _PointerModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: PointerType) -> None:
        element = manager.lookup(numba_type.dtype).get_data_type()
        super().__init__(manager, numba_type, ir.PointerType(element))


@intrinsic
def pointer(_typingctx: Any, array: Any) -> Any:
    """Return the address of a contiguous array: indexed like it, without reference counting or bounds.

    Numba counts references to an array each time it passes through a call or an attribute; in a function of
    a few hundred nanoseconds that costs as much as the arithmetic. The array must outlive the pointer.
    """
    if not (isinstance(array, types.Array) and array.layout == "C"):
        return None

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return context.make_array(sig.args[0])(context, builder, args[0]).data

    return PointerType(array.dtype)(array), emit


@intrinsic
def beyond(_typingctx: Any, start: Any, count: Any) -> Any:
    """Return the address `count` elements after a pointer."""
    if not isinstance(start, PointerType):
        return None

    def emit(_context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
        return builder.gep(args[0], [args[1]])

    return start(start, types.intp), emit


@infer_global(operator.getitem)
class _PointerGetItem(AbstractTemplate):
    key = operator.getitem

    def generic(self, args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Any:
        if len(args) == 2 and isinstance(args[0], PointerType) and isinstance(args[1], types.Integer):
            return signature(args[0].dtype, args[0], types.intp)
        return None


@infer_global(operator.setitem)
class _PointerSetItem(AbstractTemplate):
    key = operator.setitem

    def generic(self, args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Any:
        if len(args) == 3 and isinstance(args[0], PointerType) and isinstance(args[1], types.Integer):
            return signature(types.none, args[0], types.intp, args[0].dtype)
        return None


@lower_builtin(operator.getitem, PointerType, types.Integer)
def _pointer_get(_context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
    return builder.load(builder.gep(args[0], [args[1]]))


@lower_builtin(operator.setitem, PointerType, types.Integer, types.Any)
def _pointer_set(context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
    builder.store(args[2], builder.gep(args[0], [args[1]]))
    return context.get_dummy_value()


def _address(context: Any, builder: ir.IRBuilder, array: types.Type, value: Any, index: Any) -> Any:
    is_pointer = isinstance(array, PointerType)
    data = value if is_pointer else context.make_array(array)(context, builder, value).data
    return builder.bitcast(builder.gep(data, [index]), ir.PointerType(_DOUBLES))


def _is_plain_array(array: Any) -> bool:
    if isinstance(array, PointerType):
        return array.dtype == types.float64
    plain = isinstance(array, types.Array) and array.ndim == 1 and array.layout == "C"
    return plain and array.dtype == types.float64


@intrinsic
def load(_typingctx: Any, array: Any, index: Any) -> Any:
    """Lanes from `array[index : index + LANES]`: contiguous float64 of one dimension, or a pointer."""
    if not _is_plain_array(array):
        return None

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return builder.load(_address(context, builder, sig.args[0], *args), align=8)

    return lanes_type(array, types.intp), emit


@intrinsic
def store(_typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Write lanes to `array[index : index + LANES]`."""
    if not _is_plain_array(array):
        return None

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        builder.store(args[2], _address(context, builder, sig.args[0], args[0], args[1]), align=8)
        return context.get_dummy_value()

    return types.none(array, types.intp, lanes_type), emit


@intrinsic
def splat(_typingctx: Any, value: Any) -> Any:
    """Lanes that all hold `value`."""

    def emit(_context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
        return _broadcast(builder, args[0], _DOUBLES)

    return lanes_type(types.float64), emit


def _place(index: ir.Value) -> ir.Value:
    """The index of a lane; that of a single one is known, and LLVM cannot compile another."""
    return ir.Constant(index.type, 0) if LANES == 1 else index


@intrinsic
def lane(_typingctx: Any, value: Any, index: Any) -> Any:
    """Return the number (or truth value) in lane `index`."""
    result = {lanes_type: types.float64, mask_type: types.boolean}.get(value)
    if result is None:
        return None

    def emit(_context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
        return builder.extract_element(args[0], _place(args[1]))

    return result(value, types.intp), emit


@intrinsic
def with_lane(_typingctx: Any, value: Any, index: Any, number: Any) -> Any:
    """Return the lanes `value` with lane `index` replaced by `number`."""

    def emit(_context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
        return builder.insert_element(args[0], args[2], _place(args[1]))

    return lanes_type(lanes_type, types.intp, types.float64), emit


@intrinsic
def mask_bits(_typingctx: Any, mask: Any) -> Any:
    """Return the mask as an integer: bit `i` is lane `i`."""

    def emit(_context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
        return builder.zext(builder.bitcast(args[0], ir.IntType(LANES)), ir.IntType(64))

    return types.int64(mask_type), emit


def _reduce_mask(full: bool) -> Callable[..., Any]:
    def typer(_typingctx: Any, mask: Any) -> Any:
        def emit(_context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
            bits = builder.bitcast(args[0], ir.IntType(LANES))
            test = "==" if full else "!="
            return builder.icmp_unsigned(test, bits, ir.Constant(bits.type, -1 if full else 0))

        return types.boolean(mask_type), emit

    return typer


any_lane = intrinsic(_reduce_mask(False))
all_lanes = intrinsic(_reduce_mask(True))


@intrinsic
def float_bits(_typingctx: Any, value: Any) -> Any:
    """Return the bit pattern of each lane, read as a signed integer and converted to a float."""

    def emit(_context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
        return builder.sitofp(builder.bitcast(args[0], _INTEGERS), _DOUBLES)

    return lanes_type(lanes_type), emit


@intrinsic
def from_float_bits(_typingctx: Any, value: Any) -> Any:
    """Return the inverse of `float_bits`: the number whose bit pattern is the integer part of each lane."""

    def emit(_context: Any, builder: ir.IRBuilder, _sig: Any, args: Any) -> ir.Value:
        return builder.bitcast(builder.fptosi(args[0], _INTEGERS), _DOUBLES)

    return lanes_type(lanes_type), emit


@intrinsic
def apart(_typingctx: Any, function: Any, arguments: Any) -> Any:
    """Return `function(*arguments)`, compiled as a call of its own for what is needed rarely.

    Code that a loop seldom enters takes registers from the rest of the loop when it is compiled into it.
    """
    signature_ = function.get_call_type(_typingctx, tuple(arguments), {})

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        values = [builder.extract_value(args[1], i) for i in range(len(arguments))]
        before = set(map(id, _calls(builder)))
        result = context.get_function(function, signature_)(builder, values)
        for call in _calls(builder):
            if id(call) not in before:
                call.attributes.add("noinline")
        return result

    return signature_.return_type(function, arguments), emit


def _calls(builder: ir.IRBuilder) -> list[Any]:
    """Calls in the function under construction."""
    instructions = (one for block in builder.function.blocks for one in block.instructions)
    return [one for one in instructions if isinstance(one, ir.instructions.CallInstr)]
