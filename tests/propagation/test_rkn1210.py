"""Coefficients of RKN12(10): order conditions in exact rational arithmetic on the published 30-digit
decimals.

Conditions: special Nystrom trees, generated here; E. Hairer, S. P. Norsett, G. Wanner, "Solving Ordinary
Differential Equations I", 2nd ed. (1993), section II.14. With rounding of 1e-30 per coefficient,
coefficients up to 50 and sums of a few hundred products the residuals stay below 1e-25; one wrong digit
anywhere shows. Second transcription: some coefficients as exact fractions, from OrdinaryDiffEq.jl (SciML),
`DPRKN12Tableau`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations_with_replacement
from math import prod

import numpy as np
import pytest

from cislunar.propagation import rkn1210

RESIDUAL = Fraction(1, 10**25)
STAGES = rkn1210.STAGES


def fractions(decimals):
    return [Fraction(text) for text in decimals] + [Fraction(0)] * (STAGES - len(decimals))


C = fractions(rkn1210.C_DECIMALS)
A = [fractions(row) for row in rkn1210.A_DECIMALS]
SOLUTIONS = {
    "high": (fractions(rkn1210.B_DECIMALS), fractions(rkn1210.B_VELOCITY_DECIMALS), 12),
    "low": (fractions(rkn1210.B_LOW_DECIMALS), fractions(rkn1210.B_LOW_VELOCITY_DECIMALS), 10),
}

# A tree stands for a derivative of f. Its root has children that are either () - the velocity: a factor c -
# or trees reached through the position: a factor sum_j a_ij. `order` counts the powers of h in r'' = f.


@cache
def trees(order):
    """All trees whose acceleration term carries h**(order - 1); order 1 is f itself."""
    if order == 1:
        return [()]
    found = []

    # children: a velocity child costs 1, a position child of order q costs q + 1
    def extend(remaining, smallest, chosen):
        if remaining == 0:
            found.append(tuple(chosen))
            return
        for cost in range(smallest, remaining + 1):
            options = ["c"] if cost == 1 else list(trees(cost - 1))
            for count in range(1, remaining // cost + 1):
                for picked in combinations_with_replacement(range(len(options)), count):
                    extend(remaining - cost * count, cost + 1, [*chosen, *(options[i] for i in picked)])

    extend(order - 1, 1, [])
    return found


@cache
def order(tree):
    return 1 + sum(1 if child == "c" else order(child) + 1 for child in tree)


@cache
def stage_weights(tree):
    """Value of the tree at each stage, without its symmetry factors."""
    values = [Fraction(1)] * STAGES
    for child in tree:
        if child == "c":
            factor = C
        else:
            inner = stage_weights(child)
            factor = [sum(A[i][j] * inner[j] for j in range(i)) for i in range(STAGES)]
        values = [v * f for v, f in zip(values, factor, strict=True)]
    return values


@cache
def exact(tree):
    """Value of the tree for the exact solution at c = 1: each position child integrates twice."""
    return prod(
        (
            Fraction(1) if child == "c" else exact(child) / (order(child) * (order(child) + 1))
            for child in tree
        ),
        start=Fraction(1),
    )


@pytest.mark.parametrize("solution", SOLUTIONS)
def test_order_conditions_hold_for_every_tree(solution):
    b, b_velocity, highest = SOLUTIONS[solution]
    checked = 0
    for level in range(1, highest + 1):
        for tree in trees(level):
            values = stage_weights(tree)
            velocity = sum(w * v for w, v in zip(b_velocity, values, strict=True)) - exact(tree) / level
            assert abs(velocity) < RESIDUAL, (solution, tree)
            if level <= highest - 1:
                position = sum(w * v for w, v in zip(b, values, strict=True)) - exact(tree) / (
                    level * (level + 1)
                )
                assert abs(position) < RESIDUAL, (solution, tree)
            checked += 1
    assert checked > 100


def test_orders_are_not_higher_than_stated():
    for b, b_velocity, highest in SOLUTIONS.values():
        del b
        worst = max(
            abs(
                sum(w * v for w, v in zip(b_velocity, stage_weights(tree), strict=True))
                - exact(tree) / (highest + 1)
            )
            for tree in trees(highest + 1)
        )
        assert worst > Fraction(1, 10**12)


def test_rows_sum_to_half_the_square_of_the_node():
    for i in range(STAGES):
        assert abs(sum(A[i]) - C[i] ** 2 / 2) < RESIDUAL


def test_a_wrong_digit_is_noticed_trap():
    b_velocity = list(SOLUTIONS["high"][1])
    b_velocity[9] += Fraction(1, 10**20)
    assert abs(sum(b_velocity) - 1) > 1000 * RESIDUAL


@pytest.mark.parametrize(
    ("i", "j", "numerator", "denominator"),
    [
        (4, 1, 7, 2400),
        (5, 4, 32, 18225),
        (6, 3, 1408, 196875),
        (7, 3, 341, 387072),
        (7, 6, -11, 110592),
        (8, 7, 224, 20625),
        (9, 1, 100467472123373, 27511470744477696),
        (9, 6, -3576386017671875, 2723635603703291904),
        (10, 5, -45978886013453735443, 2174186242050927827184),
        (10, 9, 7461389216, 501451974639),
        (11, 6, -94634958447010580589908066176109375, 27549212808177898050085930321520256),
        (12, 11, 4598083098752, 858563707934367),
        (13, 11, -15171723902781457, 63532954684873728),
        (14, 13, 10915833599872, 368729913707897),
    ],
)
def test_second_transcription_agrees(i, j, numerator, denominator):
    assert abs(A[i - 1][j - 1] - Fraction(numerator, denominator)) < Fraction(1, 10**27)


def test_arrays_are_the_decimals():
    assert rkn1210.A.shape == (STAGES, STAGES)
    np.testing.assert_array_equal(rkn1210.C, [float(text) for text in rkn1210.C_DECIMALS])
    assert rkn1210.A[13, 4] == 16.8272359289624658702009353564
    assert abs(rkn1210.ERROR.sum()) < 1e-15
