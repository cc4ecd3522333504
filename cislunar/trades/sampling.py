"""Which combinations of the axes are flown: full grid, list, Latin hypercube, Sobol sequence.

References
----------
.. [1] M. D. McKay, R. J. Beckman, W. J. Conover, "A comparison of three methods for selecting values of input
   variables in the analysis of output from a computer code", Technometrics 21 (1979) 239-245.
.. [2] I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals",
   USSR Comput. Math. Math. Phys. 7 (1967) 86-112; direction numbers of Joe and Kuo as in scipy.stats.qmc.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cislunar.errors import InputError
from cislunar.trades.axes import Axis


@dataclass(frozen=True)
class Sampler:
    """How cases are chosen.

    Attributes
    ----------
    method : {"grid", "list", "latin-hypercube", "sobol"}
    count : int or None
        Number of cases of a Latin hypercube or Sobol sequence.
    seed : int
        Of the same two.
    """

    method: str = "grid"
    count: int | None = None
    seed: int = 0

    def size(self, axes: Sequence[Axis]) -> int:
        """Number of cases."""
        if self.method == "grid":
            return math.prod(len(axis.levels or ()) for axis in axes)
        if self.method == "list":
            return len(axes[0].levels or ())
        return int(self.count or 0)

    def draw(self, axes: Sequence[Axis]) -> list[Any]:
        """Give the values of every case, one array (cases,) for each axis; quantities are float."""
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
        if self.method == "latin-hypercube":
            return np.asarray(qmc.LatinHypercube(dimensions, rng=self.seed).random(count))
        # The sequence is drawn to a whole power of two, so that a longer one begins with a shorter one.
        power = max(0, math.ceil(math.log2(count)))
        return np.asarray(qmc.Sobol(dimensions, scramble=True, rng=self.seed).random_base2(power))[:count]


def from_unit_interval(axis: Axis, points: np.ndarray) -> Any:
    """Values of an axis at numbers from 0 to 1, all alike likely."""
    if axis.levels is None:
        values = axis.low + np.asarray(points) * (axis.high - axis.low)
        # Twelve figures: what is exported is what was flown, and can be read.
        return np.array([float(f"{value:.12g}") for value in values])
    count = len(axis.levels)
    return _picked(axis, np.minimum((np.asarray(points) * count).astype(np.int64), count - 1))


def check_sampler(sampler: Sampler, axes: Sequence[Axis]) -> None:
    """See that a sampler and the axes fit.

    Raises
    ------
    InputError
        A range without steps on a grid, axes of different lengths in a list, no count for a random sampler.
    """
    if sampler.method in ("grid", "list"):
        for axis in axes:
            if axis.levels is None:
                raise InputError(
                    f"the axis '{axis.name}' is a range without end of values; expected step or count beside "
                    "from and to, or sample: {method: sobol, count: ...}"
                )
        if sampler.count is not None:
            raise InputError(
                f"count has no effect with the method {sampler.method}; expected it with latin-hypercube or "
                "sobol"
            )
    elif sampler.count is None:
        raise InputError(f"the method {sampler.method} needs the number of cases; expected count: 1024")
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
