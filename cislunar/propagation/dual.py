"""Dual lanes: lanes that carry their partial derivatives along, for exact gradients of compiled formulas.

A value of type `DualType(p)` holds lanes and `p` partial derivatives of them. It obeys the arithmetic of
`simd`, so a force written for floats, arrays and lanes gives its own gradient when it is called with dual
lanes: no derivative is written down anywhere, and none can disagree with the formula (forward-mode
automatic differentiation [1]_). Comparisons look at the value; `np.where` selects value and derivatives.

Inside compiled kernels: `variables((x, y, z))` makes duals from lanes, each the variable of its own partial;
`parts(d)` returns the tuple (value, partials...), also of plain lanes where a formula turned out constant.

References
----------
.. [1] A. Griewank, A. Walther, "Evaluating Derivatives", 2nd ed. (2008), chapter 3.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, lower_cast, models, overload, register_model

from cislunar.propagation.simd import (
    LANES,
    LanesType,
    intrinsic,
    inverse_root_steps,
    inverse_sqrt,
    lanes_type,
    mask_type,
)

_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_ZERO = ir.Constant(_DOUBLES, [0.0] * LANES)
_CONTRACT = ("contract",)
_Parts = list[ir.Value]


class DualType(types.Type):
    """The numba type of lanes with `partials` partial derivatives."""

    def __init__(self, partials: int) -> None:
        self.partials = partials
        super().__init__(name=f"dual{partials}_f64x{LANES}")

    def can_convert_from(self, typingctx: Any, other: types.Type) -> Conversion | None:
        """Let lanes and numbers become duals whose derivatives are zero."""
        return Conversion.promote if other is lanes_type or isinstance(other, types.Number) else None


@register_model(DualType)
class _DualModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: DualType) -> None:
        super().__init__(manager, numba_type, ir.LiteralStructType([_DOUBLES] * (numba_type.partials + 1)))


def _split(builder: ir.IRBuilder, value: ir.Value) -> _Parts:
    """Value and partials of a dual, or the one value of lanes."""
    if isinstance(value.type, ir.LiteralStructType):
        return [builder.extract_value(value, k) for k in range(len(value.type.elements))]
    return [value]


def _join(builder: ir.IRBuilder, parts: _Parts) -> ir.Value:
    result: ir.Value = ir.Constant(ir.LiteralStructType([_DOUBLES] * len(parts)), ir.Undefined)
    for k, part in enumerate(parts):
        result = builder.insert_value(result, part, k)
    return result


@lower_cast(LanesType, DualType)
def _lanes_to_dual(_context: Any, builder: ir.IRBuilder, _source: Any, target: DualType, value: Any) -> Any:
    return _join(builder, [value] + [_ZERO] * target.partials)


@lower_cast(types.Number, DualType)
def _number_to_dual(
    context: Any, builder: ir.IRBuilder, source: types.Type, target: DualType, value: Any
) -> Any:
    lanes = context.cast(builder, value, source, lanes_type)
    return _join(builder, [lanes] + [_ZERO] * target.partials)


# Rules of differentiation: value and partials of the result from those of the operands. An operand without
# partials (lanes or a number) has the value only.


def _sum(builder: ir.IRBuilder, a: _Parts, b: _Parts) -> _Parts:
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    both = [builder.fadd(x, y, flags=_CONTRACT) for x, y in zip(a, b, strict=False)]
    return both + longer[len(shorter) :]


def _difference(builder: ir.IRBuilder, a: _Parts, b: _Parts) -> _Parts:
    both = [builder.fsub(x, y, flags=_CONTRACT) for x, y in zip(a, b, strict=False)]
    return both + a[len(b) :] + [builder.fneg(y) for y in b[len(a) :]]


def _product(builder: ir.IRBuilder, a: _Parts, b: _Parts) -> _Parts:
    def times(x: ir.Value, y: ir.Value) -> ir.Value:
        return builder.fmul(x, y, flags=_CONTRACT)

    slopes_a = [times(slope, b[0]) for slope in a[1:]]
    slopes_b = [times(slope, a[0]) for slope in b[1:]]
    if slopes_a and slopes_b:
        slopes = [builder.fadd(x, y, flags=_CONTRACT) for x, y in zip(slopes_a, slopes_b, strict=True)]
    else:
        slopes = slopes_a or slopes_b
    return [times(a[0], b[0]), *slopes]


def _quotient(builder: ir.IRBuilder, a: _Parts, b: _Parts) -> _Parts:
    if len(b) == 1:
        inverse = builder.fdiv(ir.Constant(_DOUBLES, [1.0] * LANES), b[0])
        return [
            builder.fdiv(a[0], b[0]),
            *(builder.fmul(slope, inverse, flags=_CONTRACT) for slope in a[1:]),
        ]
    inverse = builder.fdiv(ir.Constant(_DOUBLES, [1.0] * LANES), b[0])
    value = builder.fdiv(a[0], b[0])
    slopes = [builder.fmul(value, slope, flags=_CONTRACT) for slope in b[1:]]
    if len(a) > 1:
        slopes = [builder.fsub(x, y, flags=_CONTRACT) for x, y in zip(a[1:], slopes, strict=True)]
    else:
        slopes = [builder.fneg(slope) for slope in slopes]
    return [value, *(builder.fmul(slope, inverse, flags=_CONTRACT) for slope in slopes)]


def _negative(builder: ir.IRBuilder, a: _Parts) -> _Parts:
    return [builder.fneg(x) for x in a]


def _unchanged(_builder: ir.IRBuilder, a: _Parts) -> _Parts:
    return a


def _vector_call(builder: ir.IRBuilder, name: str, value: ir.Value) -> ir.Value:
    kind = ir.FunctionType(_DOUBLES, [_DOUBLES])
    return builder.call(builder.module.declare_intrinsic(f"{name}.v{LANES}f64", (), kind), [value])


def _root(builder: ir.IRBuilder, a: _Parts) -> _Parts:
    value = _vector_call(builder, "llvm.sqrt", a[0])
    rate = builder.fdiv(ir.Constant(_DOUBLES, [0.5] * LANES), value)
    # A root of zero comes from a clamp, whose slope is zero, not zero times infinity.
    rate = builder.select(builder.fcmp_ordered(">", value, _ZERO), rate, _ZERO)
    return [value, *(builder.fmul(rate, slope, flags=_CONTRACT) for slope in a[1:])]


def _inverse_root(builder: ir.IRBuilder, a: _Parts) -> _Parts:
    def times(x: ir.Value, y: ir.Value) -> ir.Value:
        return builder.fmul(x, y, flags=_CONTRACT)

    value = inverse_root_steps(builder, a[0])
    rate = times(times(value, value), times(value, ir.Constant(_DOUBLES, [-0.5] * LANES)))
    return [value, *(times(rate, slope) for slope in a[1:])]


def _magnitude(builder: ir.IRBuilder, a: _Parts) -> _Parts:
    negative = builder.fcmp_ordered("<", a[0], _ZERO)
    value = _vector_call(builder, "llvm.fabs", a[0])
    return [value, *(builder.select(negative, builder.fneg(slope), slope) for slope in a[1:])]


def _either(builder: ir.IRBuilder, mask: ir.Value, a: _Parts, b: _Parts) -> _Parts:
    size = max(len(a), len(b))
    a, b = a + [_ZERO] * (size - len(a)), b + [_ZERO] * (size - len(b))
    return [builder.select(mask, x, y) for x, y in zip(a, b, strict=True)]


def _extreme(symbol: str) -> Callable[[ir.IRBuilder, _Parts, _Parts], _Parts]:
    return lambda builder, a, b: _either(builder, builder.fcmp_ordered(symbol, a[0], b[0]), a, b)


def _operands(args: tuple[types.Type, ...]) -> tuple[types.Type, ...] | None:
    """Types to convert the operands to: duals stay, numbers become lanes. None if this is not for duals."""
    duals = [a for a in args if isinstance(a, DualType)]
    if not duals or any(a != duals[0] for a in duals):
        return None
    if not all(isinstance(a, DualType | LanesType | types.Number) for a in args):
        return None
    return tuple(a if isinstance(a, DualType) else lanes_type for a in args)


def _define(names: tuple[Any, ...], count: int, rule: Callable[..., _Parts]) -> None:
    """Let `rule` be the meaning of the functions or operators `names` of `count` operands on duals."""

    class Template(AbstractTemplate):
        def generic(self, args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Any:
            operands = None if kws or len(args) != count else _operands(args)
            if operands is None:
                return None
            return signature(next(a for a in args if isinstance(a, DualType)), *operands)

    def implementation(
        _context: Any, builder: ir.IRBuilder, _signature: Any, args: tuple[ir.Value, ...]
    ) -> ir.Value:
        return _join(builder, rule(builder, *(_split(builder, arg) for arg in args)))

    kinds = [(DualType,), *([(DualType, DualType), (DualType, LanesType), (LanesType, DualType)])]
    for name in names:
        infer_global(name)(type("DualTemplate", (Template,), {"key": name}))
        for kind in kinds:
            if len(kind) == count:
                lower_builtin(name, *kind)(implementation)


def _define_comparison(name: Any, symbol: str) -> None:
    class Template(AbstractTemplate):
        key = name

        def generic(self, args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Any:
            operands = None if kws or len(args) != 2 else _operands(args)
            return None if operands is None else signature(mask_type, *operands)

    def implementation(
        _context: Any, builder: ir.IRBuilder, _signature: Any, args: tuple[ir.Value, ...]
    ) -> ir.Value:
        test = builder.fcmp_unordered if symbol == "!=" else builder.fcmp_ordered
        return test(symbol, *(_split(builder, arg)[0] for arg in args))

    infer_global(name)(Template)
    for kind in ((DualType, DualType), (DualType, LanesType), (LanesType, DualType)):
        lower_builtin(name, *kind)(implementation)


_define((operator.add, operator.iadd), 2, _sum)
_define((operator.sub, operator.isub), 2, _difference)
_define((operator.mul, operator.imul), 2, _product)
_define((operator.truediv, operator.itruediv), 2, _quotient)
_define((operator.neg,), 1, _negative)
_define((operator.pos,), 1, _unchanged)
_define((np.sqrt,), 1, _root)
_define((inverse_sqrt,), 1, _inverse_root)
_define((builtins.abs, np.abs), 1, _magnitude)
_define((np.minimum, builtins.min), 2, _extreme("<"))
_define((np.maximum, builtins.max), 2, _extreme(">"))
for _name, _symbol in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
    (operator.ne, "!="),
):
    _define_comparison(_name, _symbol)


@intrinsic
def _select_dual(_typingctx: Any, mask: Any, yes: Any, no: Any) -> Any:
    operands = _operands((yes, no))
    if operands is None or mask is not mask_type:
        return None

    def emit(_context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> ir.Value:
        return _join(builder, _either(builder, args[0], _split(builder, args[1]), _split(builder, args[2])))

    return (yes if isinstance(yes, DualType) else no)(mask_type, *operands), emit


@overload(np.where)
def _where(condition: Any, x: Any, y: Any) -> Any:
    def implementation(condition: Any, x: Any, y: Any) -> Any:
        return _select_dual(condition, x, y)

    return implementation if condition is mask_type and _operands((x, y)) is not None else None


@intrinsic
def variables(_typingctx: Any, values: Any) -> Any:
    """Duals from a tuple of lanes: each the variable of its own partial derivative."""
    if not isinstance(values, types.UniTuple) or values.dtype is not lanes_type:
        return None
    size = values.count
    dual = DualType(size)

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        one = ir.Constant(_DOUBLES, [1.0] * LANES)
        duals = [
            _join(
                builder, [builder.extract_value(args[0], k)] + [one if j == k else _ZERO for j in range(size)]
            )
            for k in range(size)
        ]
        return context.make_tuple(builder, sig.return_type, duals)

    return types.UniTuple(dual, size)(values), emit


@intrinsic
def parts(_typingctx: Any, value: Any) -> Any:
    """Return the tuple of the value and the partial derivatives of a dual."""
    if not isinstance(value, DualType):
        return None

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return context.make_tuple(builder, sig.return_type, _split(builder, args[0]))

    return types.UniTuple(lanes_type, value.partials + 1)(value), emit
