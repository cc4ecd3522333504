"""The field of the Earth in a force model: its axes, its tables, its span.

The independent side turns the field by the matrices of `EarthOrientation`, which have their own tests against
SPICE and brahe, and evaluates it by complex step; the quaternions and the polynomials in time of the core are
on the other side. What they leave is 1e-9 of the harmonics.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import astropy_iers_data
import numpy as np
import pytest
from test_harmonics import potential

from cislunar.environment.earth import EarthOrientation, EarthOrientationWarning
from cislunar.environment.gravity import load_field
from cislunar.errors import EpochRangeError, InputError
from cislunar.propagation import ForceModel, acceleration, propagate
from cislunar.propagation.granules import TERMS
from cislunar.propagation.stm import propagate_state_transition
from cislunar.time import parse_epoch

DAY_S = 86400.0
EPOCH = parse_epoch("2021-06-01T00:00:00 UTC")
FIELD = load_field("egm2008")
LOW = np.array([7000.0, 0.0, 0.0, 0.0, 5.0, 5.6])

POINTS = np.array([[7000.0, 0, 0], [0, 0, 6500.0], [0, 0, -6700.0], [-3e3, 5e3, 4e3], [2e4, -3e4, 9e3]]).T
"""Places in Earth-fixed axes, km: equator, both poles, anywhere, far."""


def harmonics_by_complex_step(point: np.ndarray, degree: int) -> np.ndarray:
    field = FIELD.truncate(degree)
    step = 1e-150
    columns = [[complex(point[i], step * (i == axis)) for i in range(3)] for axis in range(3)]
    # `potential` has the mass and the radius of the Moon: the same shape at another size.
    scale = 1738.0 / field.radius_km
    gradient = [potential(*(scale * x for x in column), field.c, field.s).imag / step for column in columns]
    return np.array(gradient) * field.gm / 4902.8 * scale


def from_model(degree: int, epochs: np.ndarray, **changes: object) -> np.ndarray:
    """Harmonics of the force model at `POINTS`, turned back into Earth-fixed axes, (3, points)."""
    rotation = EarthOrientation.default().itrs_to_gcrs(epochs)
    places = np.einsum("ijn,jn->in", rotation, POINTS)
    forces = ForceModel("earth", "egm2008", degree, (), **changes)
    pull = acceleration(places, epochs, forces)
    pull += forces.gm["earth"] * places / np.sqrt((places**2).sum(axis=0)) ** 3
    return np.einsum("ijn,in->jn", rotation, pull)


@pytest.mark.parametrize("degree", [2, 3, 4, 5, 6, 7, 8, 20])
def test_harmonics_by_complex_step_in_earth_fixed_axes(degree):
    epochs = EPOCH + np.array([0.0, 0.3, 1.1, 77.7, 1500.2]) * DAY_S
    found = from_model(degree, epochs)
    for i, point in enumerate(POINTS.T):
        expected = harmonics_by_complex_step(point, degree)
        # rounding of the central attraction, taken off again, leaves 1e-15 of it
        rounding = 1e-15 * FIELD.gm / (point**2).sum()
        assert np.abs(found[:, i] - expected).max() < 1e-9 * np.abs(expected).max() + rounding


class Still(EarthOrientation):
    """An Earth that does not turn."""

    def quaternion(self, tdb):
        return np.tile([[1.0], [0.0], [0.0], [0.0]], np.size(tdb))


def test_trap_earth_that_does_not_turn():
    epochs = np.full(POINTS.shape[1], EPOCH)
    still = Still.from_file(astropy_iers_data.IERS_A_FILE)
    right, wrong = from_model(8, epochs), from_model(8, epochs, earth_orientation=still)
    assert (np.abs(wrong - right).max(axis=0) > 1e-3 * np.abs(right).max(axis=0)).all()


@pytest.mark.filterwarnings("ignore:the Earth-orientation table")
def test_tables_follow_the_spin_of_the_earth():
    """Polynomials of every cell against the orientation itself, as long as they are valid, two cells."""
    table = ForceModel("earth", "egm2008", 8, ()).table
    for start in (EPOCH, 8.5e8, 2.0e9):
        granules = table.between(start, start + 5.0 * DAY_S)
        u = np.linspace(-1.0, 1.0, 41)
        for (centre, half), rows in zip(granules.windows, granules.coefficients, strict=True):
            found = rows[3:] @ u ** np.arange(TERMS)[:, None]
            assert np.abs(found - EarthOrientation.default().quaternion(centre + half * u)).max() < 5e-10


def test_orientation_as_quaternion_and_as_matrix():
    axes = EarthOrientation.default()
    tdb = np.linspace(0.0, 8.2e8, 5000)
    w, x, y, z = axes.quaternion(tdb)
    found = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    assert np.abs(found - axes.itrs_to_gcrs(tdb)).max() < 5e-15
    steps = np.diff(axes.quaternion(EPOCH + np.arange(0.0, 3.0 * DAY_S, 60.0)))
    assert np.abs(steps).max() < 0.5 * 7.3e-5 * 60.0  # no jump of sign


def test_flight_there_and_back_over_a_week():
    forces = ForceModel("earth", "egm2008", 8, ("moon", "sun"))
    there = propagate(LOW, EPOCH, 7.0 * DAY_S, forces, rtol=1e-13)
    back = propagate(there.final, EPOCH + 7.0 * DAY_S, -7.0 * DAY_S, forces, rtol=1e-13)
    assert np.linalg.norm(back.final[:3, 0] - LOW[:3]) * 1e3 < 0.05


def test_derivatives_of_a_flight_by_differences():
    forces = ForceModel("earth", "egm2008", 8, ("moon", "sun"))
    matrix = propagate_state_transition(LOW, EPOCH, 6000.0, forces, rtol=1e-13).at([6000.0]).reshape(6, 6)
    for k, step in enumerate([1e-2] * 3 + [1e-5] * 3):
        aside = step * np.eye(6)[k]
        starts = np.array([LOW + aside, LOW - aside, LOW + 2 * aside, LOW - 2 * aside]).T
        final = propagate(starts, EPOCH, 6000.0, forces, rtol=1e-13).final
        expected = (8 * (final[:, 0] - final[:, 1]) - (final[:, 2] - final[:, 3])) / (12 * step)
        assert np.abs(matrix[:, k] - expected).max() < 1e-7 * np.abs(expected).max()


def test_same_bits_alone_and_in_a_batch_of_other_epochs():
    forces = ForceModel("earth", "egm2008", 8, ("moon", "sun"))
    epochs = EPOCH + np.array([0.0, 3.3, -40.0, 900.0, 17.0]) * DAY_S
    together = propagate(np.tile(LOW[:, None], 5), epochs, 1.5 * DAY_S, forces).final
    for i, epoch in enumerate(epochs):
        alone = propagate(LOW, epoch, 1.5 * DAY_S, ForceModel("earth", "egm2008", 8, ("moon", "sun"))).final
        assert np.array_equal(alone[:, 0], together[:, i])


def test_default_of_the_earth_is_a_point_mass():
    assert ForceModel("earth", bodies=("moon", "sun")).field is None
    named = ForceModel("earth", "egm2008", bodies=("moon", "sun"))
    assert (named.degree, named.gm["earth"]) == (20, FIELD.gm)
    assert ForceModel("earth", "egm2008", 0, ()).earth_orientation is None


def test_one_warning_beyond_the_orientation_table_and_none_inside():
    axes = EarthOrientation.from_file(astropy_iers_data.IERS_A_FILE)
    forces = ForceModel("earth", "egm2008", 8, (), earth_orientation=axes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        propagate(LOW, axes.table_end_tdb - 7200.0, 3600.0, forces)
    with pytest.warns(EarthOrientationWarning, match="UT1 - UTC and polar motion are held"):
        propagate(LOW, axes.table_end_tdb - 1800.0, 3600.0, forces)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        propagate(LOW, axes.table_end_tdb + 1e8, 3600.0, forces)


def test_flights_before_the_orientation_table_are_refused():
    mjd = np.arange(58849.0, 60000.0)
    late = EarthOrientation("from 2020", mjd, np.zeros((5, mjd.size)), mjd[-1])
    forces = ForceModel("earth", "egm2008", 8, (), earth_orientation=late)
    assert forces.span_tdb[0] == late.table_start_tdb
    with pytest.raises(EpochRangeError, match="leaves the tables"):
        propagate(LOW, late.table_start_tdb - 10.0, 60.0, forces)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"center": "moon", "gravity": "egm2008"}, "field of earth; the centre is 'moon'"),
        ({"center": "earth", "gravity": "egm2008", "degree": 21}, "holds degree 20"),
        ({"center": "earth", "gravity": replace(FIELD, frame="MOON_PA_DE440")}, "cannot be in the axes"),
        ({"center": "earth", "gravity": "egm2008", "tide": True, "bodies": ("moon",)}, "for the Moon only"),
    ],
)
def test_wrong_fields_of_the_earth_are_refused(arguments, text):
    with pytest.raises(InputError, match=text):
        ForceModel(**({"bodies": ("sun",)} | arguments))
