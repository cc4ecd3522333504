"""Coefficients of Verner's 9(8) pair: the order conditions on the published 40-digit decimals.

Conditions: for every rooted tree, sum_i b_i Phi_i = 1 / gamma; J. C. Butcher, "Numerical Methods for Ordinary
Differential Equations", 3rd ed. (2016), theorem 315A. There are 486 trees up to order 9 and 200 up to order
8. With rounding of 1e-40 per coefficient, coefficients up to 36 and products of up to eight of them, the
residuals stay below 1e-33; one wrong digit anywhere shows. Arithmetic: 60 digits.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
import pytest

from cislunar.propagation import verner98

RESIDUAL = Decimal("1e-33")
STAGES = verner98.STAGES
C = [Decimal(text) for text in verner98.C_DECIMALS]
A = [{j: Decimal(text) for j, text in row.items()} for row in verner98.A_DECIMALS]
SOLUTIONS = {"high": (verner98.B_DECIMALS, 9), "low": (verner98.B_LOW_DECIMALS, 8)}


@cache
def trees(order):
    """Rooted trees with `order` vertices, each the tuple of the branches at its root."""
    found = []

    def extend(remaining, smallest, chosen):
        if remaining == 0:
            found.append(tuple(chosen))
            return
        for size in range(smallest, remaining + 1):
            for count in range(1, remaining // size + 1):
                for picked in combinations_with_replacement(trees(size), count):
                    extend(remaining - size * count, size + 1, [*chosen, *picked])

    extend(order - 1, 1, [])
    return found


@cache
def order_and_density(tree):
    branches = [order_and_density(branch) for branch in tree]
    order = 1 + sum(branch[0] for branch in branches)
    density = order
    for branch in branches:
        density *= branch[1]
    return order, density


@cache
def stage_values(tree):
    values = [Decimal(1)] * STAGES
    for branch in tree:
        inner = stage_values(branch)
        values = [v * sum(a * inner[j] for j, a in A[i].items()) for i, v in enumerate(values)]
    return values


@pytest.mark.parametrize(("name", "count"), [("high", 486), ("low", 200)])
def test_every_order_condition_holds_to_the_published_digits(name, count):
    weights, order = SOLUTIONS[name]
    checked = 0
    with localcontext(prec=60):
        for size in range(1, order + 1):
            for tree in trees(size):
                total = sum(Decimal(b) * stage_values(tree)[i] for i, b in weights.items())
                assert abs(total - Decimal(1) / order_and_density(tree)[1]) < RESIDUAL, tree
                checked += 1
    assert checked == count


def test_the_rows_sum_to_the_nodes():
    with localcontext(prec=60):
        for i, row in enumerate(A):
            assert abs(sum(row.values(), Decimal(0)) - C[i]) < RESIDUAL


def test_the_low_order_solution_is_not_of_order_nine():
    with localcontext(prec=60):
        chain = ()
        for _ in range(8):
            chain = (chain,)
        weights = verner98.B_LOW_DECIMALS
        total = sum(Decimal(b) * stage_values(chain)[i] for i, b in weights.items())
    assert abs(float(total) * 362880.0 - 1.0) > 1e-3


def test_the_arrays_hold_the_nearest_doubles():
    assert verner98.A.shape == (STAGES, STAGES)
    assert np.array_equal(verner98.C, [float(text) for text in verner98.C_DECIMALS])
    assert verner98.A[14, 13] == 0.4409353709534277758753793068298041158235
    assert verner98.ERROR[15] == -0.04834231373823958314376726739772871714902
