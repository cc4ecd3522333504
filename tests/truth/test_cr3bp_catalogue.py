"""The circular restricted three-body problem against published orbits and another program.

JPL: "Three-Body Periodic Orbits" catalogue (https://ssd.jpl.nasa.gov/tools/periodic_orbits.html), Earth-Moon,
southern L2 halo family: initial states, periods, Jacobi constants, libration points, all with mu
0.01215058560962404; `halo_perilune` is the catalogue orbit's perilune radius from an independent integration.
Tudat: unit test `unitTestCR3BPPropagation.cpp`, mu 0.0121506683. pykep: `TOPS` collection, distant retrograde
orbit, JPL's mu.

Measured at the default tolerance: closure 8e-13, Jacobi constant over 30 days 2e-14, Tudat's end 2.3e-12 (its
own tolerance is 1e-9; an integration with SciPy's DOP853 agrees with it to 2e-12).
"""

import numpy as np
import pytest

from cislunar.propagation import EARTH_MOON, ThreeBodySystem, propagate_three_body
from cislunar.propagation.stm import state_transition

# x0, z0, vy0, period, Jacobi constant
CATALOGUE = {
    "9:2 near-rectilinear halo": (
        1.0196625817475922,
        -0.18041918731575562,
        -0.098059824670690757,
        1.4799795545729917,
        3.04890858931598,
    ),
    "4:1 near-rectilinear halo": (
        1.0337146782336497,
        -0.18913368328700852,
        -0.12736076790606726,
        1.6663353286307949,
        3.03611837573808,
    ),
    "distant retrograde": (0.898335354870926, 0.0, 0.4759116861682023, 1.3094025367443127, 3.021932),
}
STATES = np.array([[x, 0.0, z, 0.0, vy, 0.0] for x, z, vy, _, _ in CATALOGUE.values()]).T
PERIODS = np.array([orbit[3] for orbit in CATALOGUE.values()])
JACOBI = np.array([orbit[4] for orbit in CATALOGUE.values()])


@pytest.mark.parametrize("sense", [1.0, -1.0])
def test_jpl_catalogued_orbits_close_after_one_period(sense):
    flight = propagate_three_body(STATES, sense * PERIODS)
    assert np.abs(flight.final - STATES).max() < 1e-11  # asked: 1e-9


def test_jpl_jacobi_constants():
    # the catalogue prints 15 digits, pykep 7
    missed = np.abs(EARTH_MOON.jacobi_constant(STATES) - JACOBI)
    assert (missed < [3e-14, 3e-14, 5e-7]).all()


def test_jacobi_constant_over_30_days():
    flight = propagate_three_body(STATES, 30 * 86400.0 / EARTH_MOON.time_s)
    constants = EARTH_MOON.jacobi_constant(flight.nodes[1:7])
    for i in range(flight.n):
        own = constants[flight.offsets[i] : flight.offsets[i + 1]]
        assert np.ptp(own) < 1e-12


def test_trap_another_mass_ratio_or_a_wrong_sense_of_rotation():
    literature = ThreeBodySystem("mass ratio of other tables", 0.0121506683, 384400.0, 375190.0)
    missed = np.abs(propagate_three_body(STATES, PERIODS, literature).final - STATES).max(axis=0)
    assert (missed > 1e-6).all()
    mirrored = STATES * np.array([1.0, 1.0, 1.0, 1.0, -1.0, 1.0])[:, None]
    assert (np.abs(propagate_three_body(mirrored, PERIODS).final - mirrored).max(axis=0) > 1e-2).all()


def test_perilune_and_apolune_of_the_near_rectilinear_halos():
    flight = propagate_three_body(STATES[:, :2], PERIODS[:2])
    times = np.linspace(0.0, 1.0, 20001)[None] * PERIODS[:2, None]
    path = flight.at(times)[:3]
    path[0] -= 1.0 - EARTH_MOON.mu
    distance = np.linalg.norm(path, axis=0) * EARTH_MOON.length_km
    # sampled every half minute at 1.6 km/s, half a minute past a flat minimum: within 0.5 km
    assert distance.min(axis=1) == pytest.approx([2930.67, 5342.0], abs=1.5)
    assert distance.max(axis=1) == pytest.approx([71395.0, 75842.0], abs=1.0)


def test_jpl_stability_index_of_the_halo():
    # half the sum of the magnitudes of the largest eigenvalue and its inverse, as the catalogue defines it
    monodromy = state_transition(propagate_three_body(STATES[:, 0], PERIODS[0])).final[:, :, 0]
    largest = np.abs(np.linalg.eigvals(monodromy)).max()
    # The pair at 1 is double: it splits by the root of the rounding, 1e-6, and is not the largest here.
    assert 0.5 * (largest + 1.0 / largest) == pytest.approx(1.25535, abs=5e-6)


def test_jpl_libration_points():
    points = EARTH_MOON.libration_points
    expected = [0.836915125772357, 1.15568216544488, -1.00506264581028]
    assert points[:3, 0] == pytest.approx(expected, abs=5e-15)
    assert points[3] == pytest.approx([0.487849414390376, 0.866025403784439, 0.0], abs=1e-15)
    assert points[4] == pytest.approx([0.487849414390376, -0.866025403784439, 0.0], abs=1e-15)


@pytest.mark.parametrize(("point", "frequency"), [(0, 2.334386), (1, 1.862646)])
def test_planar_frequencies_at_the_collinear_points(point, frequency):
    """Eigenvalues of the linear motion: with c2 of the point, omega^2 = (2 - c2 + sqrt(9 c2^2 - 8 c2)) / 2
    (V. Szebehely, "Theory of Orbits" (1967), section 5.3); c2 is 5.147594 and 3.190425."""
    rest = np.concatenate([EARTH_MOON.libration_points[point], np.zeros(3)])
    # short enough that the unstable direction does not carry the rounding away
    matrix = state_transition(propagate_three_body(rest, 0.5)).final[:, :, 0]
    planar = matrix[np.ix_([0, 1, 3, 4], [0, 1, 3, 4])]
    values = np.linalg.eigvals(planar)
    angles = np.abs(np.angle(values[np.abs(np.abs(values) - 1.0) < 1e-9]))
    assert angles / 0.5 == pytest.approx(frequency, abs=2e-6)
    c2 = {0: 5.147594, 1: 3.190425}[point]
    assert frequency == pytest.approx(np.sqrt(0.5 * (2.0 - c2 + np.sqrt(9.0 * c2 * c2 - 8.0 * c2))), abs=1e-6)


def test_tudat_propagation():
    system = ThreeBodySystem("Tudat's unit test", 0.0121506683, 384400.0, 375190.0)
    flight = propagate_three_body([1.05, 0.13, 0.0, 0.2, 0.2, 0.0], 10.0, system, rtol=1e-14)
    expected = [-0.636895857906707, 0.977767324698871, 0.0, 0.133701380037512, 0.0704414501083985, 0.0]
    assert flight.final[:, 0] == pytest.approx(expected, abs=1e-11)


def test_dense_output_between_nodes():
    flight = propagate_three_body(STATES, PERIODS)
    times = np.linspace(0.05, 0.95, 37)[None] * PERIODS[:, None]
    dense = flight.at(times)
    for j in range(times.shape[1]):
        direct = propagate_three_body(STATES, times[:, j]).final
        assert np.abs(dense[:3, :, j] - direct[:3]).max() < 1e-10
