"""Kepler's ellipse in closed form, for tests of events."""

from __future__ import annotations

import numpy as np

GM = 4902.8
DAY = 86400.0
A, E = 6500.0, 0.6
RATE = np.sqrt(GM / A**3)


def ellipse(mean, a=A, e=E, inclination=0.5, argument=0.4):
    """State on an ellipse whose ascending node is on x."""
    big = mean
    for _ in range(60):
        big = big - (big - e * np.sin(big) - mean) / (1 - e * np.cos(big))
    root = np.sqrt(1 - e * e)
    rate = np.sqrt(GM / a**3) / (1 - e * np.cos(big))
    flat = np.array(
        [
            [a * (np.cos(big) - e), a * root * np.sin(big)],
            [-a * rate * np.sin(big), a * rate * root * np.cos(big)],
        ]
    )
    c, s = np.cos(argument), np.sin(argument)
    flat = flat @ np.array([[c, s], [-s, c]])
    tilt = np.array([[1, 0, 0], [0, np.cos(inclination), np.sin(inclination)]])
    return (flat @ tilt).ravel()


def mean_anomaly(true, e=E):
    """Mean anomaly at a true anomaly."""
    big = 2 * np.arctan(np.sqrt((1 - e) / (1 + e)) * np.tan(0.5 * true))
    return big - e * np.sin(big)


def expected_times(means, start, duration, rate=RATE):
    """Times at which the mean anomaly passes `means`, within a flight from the mean anomaly `start`."""
    turns = np.arange(-60, 60) * 2 * np.pi
    times = ((np.atleast_1d(means)[:, None] + turns - start) / rate).ravel()
    inside = (times * np.sign(duration) > 1e-3) & (times * np.sign(duration) <= abs(duration))
    return np.sort(times[inside])[:: int(np.sign(duration))]
