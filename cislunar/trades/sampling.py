"""Which combinations of the axes are flown: grid, list, Latin hypercube, Sobol sequence, Saltelli's design.

The method `optimize` chooses as it goes; see `cislunar.trades.optimizing`. What it begins with is drawn here.

References
----------
.. [1] M. D. McKay, R. J. Beckman, W. J. Conover, "A comparison of three methods for selecting values of input
   variables in the analysis of output from a computer code", Technometrics 21 (1979) 239-245.
.. [2] I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals",
   USSR Comput. Math. Math. Phys. 7 (1967) 86-112; direction numbers of Joe and Kuo as in scipy.stats.qmc.
.. [3] A. Saltelli et al., "Variance based sensitivity analysis of model output. Design and estimator for the
   total sensitivity index", Computer Physics Communications 181 (2010) 259-270; the design as in SALib.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from cislunar.errors import InputError
from cislunar.trades.axes import Axis

COUNTED: Final = ("latin-hypercube", "sobol", "sobol-indices")
"""Methods that take a count."""

OPTIMIZE: Final = "optimize"


@dataclass(frozen=True)
class Sampler:
    """How cases are chosen.

    Attributes
    ----------
    method : {"grid", "list", "latin-hypercube", "sobol", "sobol-indices", "optimize"}
    count : int or None
        Number of cases of a Latin hypercube or Sobol sequence; for `sobol-indices` the number of blocks,
        each of as many cases as there are axes, and two.
    seed : int
        Of all that draw at random.
    population, generations : int or None
        Of `optimize`.
    drawn : tuple of ndarray or None
        For `optimize`: the values of every axis that it has come to; None before it has run.
    """

    method: str = "grid"
    count: int | None = None
    seed: int = 0
    population: int | None = None
    generations: int | None = None
    drawn: tuple[Any, ...] | None = field(default=None, compare=False, repr=False)

    def having(self, drawn: Sequence[Any]) -> Sampler:
        """The same with the values that the optimiser has come to."""
        return replace(self, drawn=tuple(drawn))

    def describe(self) -> dict[str, Any]:
        """Plain description for `study.json`."""
        told: dict[str, Any] = {"method": self.method, "count": self.count, "seed": self.seed}
        if self.method == OPTIMIZE:
            told |= {"population": self.population, "generations": self.generations}
        return told

    def size(self, axes: Sequence[Axis]) -> int:
        """Number of cases; for an optimiser that has not run, the most it flies."""
        if self.drawn is not None:
            return len(self.drawn[0])
        if self.method == OPTIMIZE:
            return int(self.population or 0) * int(self.generations or 0)
        if self.method == "sobol-indices":
            return int(self.count or 0) * (len(axes) + 2)
        if self.method == "grid":
            return math.prod(len(axis.levels or ()) for axis in axes)
        if self.method == "list":
            return len(axes[0].levels or ())
        return int(self.count or 0)

    def draw(self, axes: Sequence[Axis]) -> list[Any]:
        """Give the values of every case, one array (cases,) for each axis; quantities are float.

        Of an optimiser that has not run: its first generation.
        """
        if self.drawn is not None:
            return list(self.drawn)
        if self.method == "grid":
            grids = np.meshgrid(*(np.arange(len(axis.levels or ())) for axis in axes), indexing="ij")
            return [_picked(axis, grid.ravel()) for axis, grid in zip(axes, grids, strict=True)]
        if self.method == "list":
            return [_picked(axis, np.arange(len(axis.levels or ()))) for axis in axes]
        return [
            from_unit_interval(axis, column)
            for axis, column in zip(axes, self._points(len(axes)).T, strict=True)
        ]

    def _points(self, dimensions: int) -> np.ndarray:
        from scipy.stats import qmc

        count = int(self.count or 0)
        if self.method == "sobol-indices":
            from SALib.sample import sobol

            names = [str(k) for k in range(dimensions)]
            problem = {"num_vars": dimensions, "names": names, "bounds": [[0.0, 1.0]] * dimensions}
            return np.asarray(sobol.sample(problem, count, calc_second_order=False, seed=self.seed))
        if self.method == OPTIMIZE:
            first = qmc.LatinHypercube(dimensions, rng=self.seed)
            return np.asarray(first.random(int(self.population or 0)))
        if self.method == "latin-hypercube":
            return np.asarray(qmc.LatinHypercube(dimensions, rng=self.seed).random(count))
        # The sequence is drawn to a whole power of two, so that a longer one begins with a shorter one.
        power = max(0, math.ceil(math.log2(count)))
        return np.asarray(qmc.Sobol(dimensions, scramble=True, rng=self.seed).random_base2(power))[:count]


def from_unit_interval(axis: Axis, points: np.ndarray) -> Any:
    """Values of an axis at numbers from 0 to 1, all alike likely."""
    if axis.levels is None:
        return values_at(axis, axis.low + np.asarray(points) * (axis.high - axis.low))
    count = len(axis.levels)
    return values_at(axis, np.minimum((np.asarray(points) * count).astype(np.int64), count - 1))


def values_at(axis: Axis, codes: np.ndarray) -> Any:
    """Values of an axis for what `axis_codes` gives: numbers of a range, places among the levels."""
    if axis.levels is None:
        # Twelve figures: what is exported is what was flown, and can be read.
        return np.array([float(f"{value:.12g}") for value in np.asarray(codes).tolist()])
    return _picked(axis, np.asarray(codes).astype(np.int64))


def axis_codes(axis: Axis, values: np.ndarray) -> np.ndarray:
    """Numbers for values of an axis: themselves for a range, their place among the levels for the rest."""
    if axis.levels is None:
        return np.asarray(values, dtype=float)
    places = {level: place for place, level in enumerate(axis.levels)}
    return np.array([places[value] for value in np.asarray(values).tolist()], dtype=float)


def check_sampler(sampler: Sampler, axes: Sequence[Axis]) -> None:
    """See that a sampler and the axes fit.

    Raises
    ------
    InputError
        A range without steps on a grid, axes of different lengths in a list, no count for a random sampler, a
        count that Saltelli's design cannot have, a setting of another method.
    """
    if sampler.method in ("grid", "list"):
        for axis in axes:
            if axis.levels is None:
                raise InputError(
                    f"the axis '{axis.name}' is a range without end of values; expected step or count beside "
                    "from and to, or sample: {method: sobol, count: ...}"
                )
    if sampler.count is not None and sampler.method not in COUNTED:
        raise InputError(
            f"count has no effect with the method {sampler.method}; expected it with latin-hypercube, sobol "
            "or sobol-indices"
        )
    if sampler.count is None and sampler.method in COUNTED:
        raise InputError(f"the method {sampler.method} needs the number of cases; expected count: 1024")
    if sampler.method == "sobol-indices" and not math.log2(sampler.count or 1).is_integer():
        below = 2 ** math.floor(math.log2(sampler.count or 1))
        raise InputError(
            f"the method sobol-indices takes a power of two as its count; got {sampler.count}, nearest are "
            f"{below} and {2 * below}"
        )
    own = {"population": sampler.population, "generations": sampler.generations}
    for name, number in own.items():
        if number is not None and sampler.method != OPTIMIZE:
            raise InputError(
                f"{name} has no effect with the method {sampler.method}; expected it with optimize"
            )
        if number is None and sampler.method == OPTIMIZE:
            raise InputError("the method optimize needs a size; expected population: 40, generations: 25")
    if sampler.method == "list":
        lengths = {axis.name: len(axis.levels or ()) for axis in axes}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise InputError(f"a list takes the axes' values row by row; expected equally many, found {told}")


def _picked(axis: Axis, numbers: np.ndarray) -> Any:
    levels = axis.levels or ()
    if axis.kind == "quantity":
        return np.array(levels, dtype=np.float64)[numbers]
    if axis.kind in ("integer", "number"):
        return np.array(levels, dtype=np.int64)[numbers]
    return np.array(levels, dtype=object)[numbers]
