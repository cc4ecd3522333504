"""The method that takes the steps can be chosen, and what is no force model or no number is refused.

The two methods share nothing but the forces: coefficients, error estimates and steps differ, so that their
agreement at tight tolerances holds one against the other.
"""

from __future__ import annotations

import numpy as np
import pytest
from orbits import EPOCH, elliptical

from cislunar import ForceModel, propagate
from cislunar.errors import InputError
from cislunar.propagation import Trajectory

DAY_S = 86400.0


def test_both_methods_end_at_the_same_place():
    state, epoch = elliptical(3)
    ends = {
        method: propagate(
            state, epoch, 3 * DAY_S, ForceModel(degree=8, method=method), rtol=1e-13, record=False
        )
        for method in ("rkn1210", "verner98")
    }
    apart_km = np.linalg.norm((ends["rkn1210"].final - ends["verner98"].final)[:3], axis=0)
    assert 0.0 < apart_km.max() < 1e-6
    assert (ends["rkn1210"].steps < ends["verner98"].steps).all()


def test_the_choice_is_written_down_and_checked():
    assert ForceModel(degree=2).method == "rkn1210"
    assert ForceModel(degree=2, relativity=True).method == "verner98"
    assert ForceModel(degree=2, method="verner98").provenance()["method"] == "verner98"
    with pytest.raises(InputError, match=r"method: expected one of auto, rkn1210, verner98.*got 'rk4'"):
        ForceModel(degree=2, method="rk4")
    with pytest.raises(InputError, match=r"rkn1210 only without relativity"):
        ForceModel(degree=2, relativity=True, method="rkn1210")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"gm": {"moon": "x"}}, "gm: expected a positive number .* for 'moon'; got 'x'"),
        ({"bodies": None}, r"bodies: expected a sequence of names, \(\) for none; got None"),
    ],
)
def test_models_of_a_wrong_kind(options, text):
    with pytest.raises(InputError, match=text):
        ForceModel(degree=2, **options)


def test_flights_of_a_wrong_kind():
    forces = ForceModel(degree=2)
    state = np.array([2000.0, 0.0, 0.0, 0.0, 1.5, 0.0])
    with pytest.raises(InputError, match=r"forces: expected a cislunar.ForceModel; got NoneType"):
        propagate(state, EPOCH, DAY_S, None)
    with pytest.raises(InputError, match=r"epoch: .* got '2027-11-21'; epochs are seconds past J2000 TDB"):
        propagate(state, "2027-11-21", DAY_S, forces)
    with pytest.raises(InputError, match=r"state: expected numbers .*; got complex128 numbers"):
        propagate(state + 0j, EPOCH, DAY_S, forces)
    with pytest.raises(InputError, match=r"got \(2, 6\); .* transpose it"):
        propagate(np.stack([state, state]), EPOCH, DAY_S, forces)
    with pytest.raises(InputError, match=r"center: expected a body.*; got 'mooon'"):
        Trajectory.from_nodes("mooon", EPOCH, [0.0, 60.0], np.stack([state, state], axis=1))
