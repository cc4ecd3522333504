"""Floating-point operations of one step, counted by running the package's own step on objects that count.

The functions of the integration loop are plain Python behind the compiler, so they run on numbers that
keep a tally: every addition, subtraction, multiplication and division counts one (a fused multiply-add is
two). Products with a coefficient that is zero, comparisons, selections and moves count nothing. Bookkeeping
of the step (stage sums, error, step control) is included; the rare work per lane (ends, new tables) is not.

Roots are made of multiply-adds on lanes. They can be counted as the operations that they are, or as the root
and the division that they stand for.
"""

from __future__ import annotations

from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from cislunar.propagation import ForceModel, model, nystrom, systems
from cislunar.propagation.rkn1210 import STAGES

PACKAGE = "cislunar.propagation"

INVERSE_ROOT_OPERATIONS = 18
"""Of `simd.inverse_root_steps`: four products and seven multiply-adds."""


class Tally:
    """What has been counted."""

    count = 0
    inverse_root = INVERSE_ROOT_OPERATIONS


class Number:
    """A number without a value; knows only whether it is exactly zero."""

    __array_ufunc__ = None

    def __init__(self, zero: bool = False) -> None:
        self.zero = zero

    def _sum(self, other: Any) -> Number:
        if self.zero or _is_zero(other):
            return Number(zero=self.zero and _is_zero(other))
        Tally.count += 1
        return Number()

    def _product(self, other: Any) -> Number:
        if self.zero or _is_zero(other):
            return Number(zero=True)
        Tally.count += 1
        return Number()

    __add__ = __radd__ = __sub__ = __rsub__ = _sum
    __mul__ = __rmul__ = _product

    def __truediv__(self, _: Any) -> Number:
        Tally.count += 1
        return Number()

    __rtruediv__ = __truediv__

    def __neg__(self) -> Number:
        return self

    def _compare(self, _: Any) -> Truth:
        return Truth()

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _compare  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class Truth:
    """A mask of lanes."""

    def _mix(self, _: Any = None) -> Truth:
        return self

    __and__ = __rand__ = __or__ = __ror__ = __invert__ = _mix


def _is_zero(value: Any) -> bool:
    return value.zero if isinstance(value, Number) else value == 0.0


def _inverse_root(_: Any) -> Number:
    Tally.count += Tally.inverse_root
    return Number()


def _root(_: Any) -> Number:
    # the inverse root times its argument
    Tally.count += 1 if Tally.inverse_root == 2 else Tally.inverse_root + 1
    return Number()


def _moved(*_: Any) -> Number:
    return Number()


NUMPY = SimpleNamespace(
    sqrt=_root,
    where=_moved,
    minimum=_moved,
    maximum=_moved,
    floor=_moved,
    ndarray=np.ndarray,
    inf=np.inf,
)
REPLACED = {
    "np": NUMPY,
    "load": _moved,
    "store": lambda *_: None,
    "splat": lambda value: Number(zero=_is_zero(value)),
    "alike": lambda _, value: Number(zero=_is_zero(value)),
    "longest_step": lambda size, *_: size,
    "beyond": lambda start, _: start,
    "inverse_sqrt": _inverse_root,
    "any_lane": lambda _: False,
    "float_bits": _moved,
    "from_float_bits": _moved,
}


def _rebound(function: Any, done: dict[Any, FunctionType]) -> FunctionType:
    """The same code on counting numbers, down through the functions of the package that it calls."""
    if function in done:
        return done[function]
    scope: dict[str, Any] = {"__builtins__": __builtins__}
    copy = FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    done[function] = copy
    for name in function.__code__.co_names:
        if name == "error_scales":  # only the compiler can choose among its kinds
            scales = _rebound(systems.scales_about_a_centre, done)
            scope[name] = lambda *values, scales=scales: scales(*values[:9])
        elif name in REPLACED:
            scope[name] = REPLACED[name]
        elif name in function.__globals__:
            value = function.__globals__[name]
            inside = isinstance(value, FunctionType) and value.__module__.startswith(PACKAGE)
            scope[name] = _rebound(value, done) if inside else value
    return copy


def operations_per_step(forces: ForceModel, whole_roots: bool = True) -> tuple[int, int]:
    """Operations of one attempted step for one trajectory, and of one evaluation of the force in it.

    With `whole_roots` an inverse root is the operations that it is made of, else a root and a division.
    """
    constants = forces.compiled
    done: dict[Any, FunctionType] = {}
    Tally.inverse_root = INVERSE_ROOT_OPERATIONS if whole_roots else 2
    Tally.count = 0
    sunshine = model.Sunshine(Number(), Number(zero=True))
    _rebound(model.acceleration, done)(*(Number() for _ in range(4)), sunshine, None, None, constants)
    force = Tally.count
    one_set = SimpleNamespace(
        numbers=None,
        integers=None,
        environment=None,
        positions=None,
        stages=None,
        pressures=None,
        counters=[0, 0, 1],
        groups=1,
        series=0,
        bodies=0,
    )
    Tally.count = 0
    _rebound(nystrom.take_steps, done)(one_set, constants, Number())
    # The first stage is evaluated by the loop before it records the node.
    assert Tally.count > (STAGES - 1) * force
    return Tally.count + force, force
