"""Map projections on the Moon for images: pixel to place, place to page.

The azimuthal projection is Lambert's equal-area one, so that a share of the disc is the same share of the
surface.

References
----------
Snyder, J. P. (1987), Map Projections: A Working Manual, USGS Professional Paper 1395, chapters 12 and 24.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Azimuthal:
    """Lambert azimuthal equal-area projection about a point, page unit one lunar radius.

    Attributes
    ----------
    latitude_deg, longitude_deg : float
        Centre of the map.
    reach_deg : float
        Angle from the centre to the rim, at most 179.
    """

    latitude_deg: float
    longitude_deg: float
    reach_deg: float

    @property
    def rim(self) -> float:
        """Radius of the map on the page."""
        return 2.0 * float(np.sin(np.radians(self.reach_deg) / 2.0))

    def _axes(self) -> tuple[Floats, Floats, Floats]:
        lat, lon = np.radians(self.latitude_deg), np.radians(self.longitude_deg)
        centre = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
        east = np.array([-np.sin(lon), np.cos(lon), 0.0])
        return centre, east, np.cross(centre, east)

    def forward(self, latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> tuple[Floats, Floats]:
        """Place latitudes and east longitudes on the page; NaN beyond the rim."""
        lat, lon = np.radians(np.asarray(latitude_deg, float)), np.radians(np.asarray(longitude_deg, float))
        place = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat) + 0.0 * lon])
        centre, east, north = self._axes()
        cosine = np.tensordot(centre, place, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.sqrt(2.0 / (1.0 + cosine))
        scale = np.where(cosine >= np.cos(np.radians(self.reach_deg)) - 1e-9, scale, np.nan)
        return scale * np.tensordot(east, place, 1), scale * np.tensordot(north, place, 1)

    def inverse(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Give latitude and east longitude (0 to 360) in degrees of points of the page; NaN off the map."""
        rho = np.hypot(x, y)
        inside = rho <= self.rim
        half = np.clip(rho / 2.0, 0.0, 1.0)
        sine = 2.0 * half * np.sqrt(1.0 - half**2)
        along = np.where(rho > 0.0, sine / np.where(rho > 0.0, rho, 1.0), 1.0)
        centre, east, north = self._axes()
        place = (
            np.multiply.outer(centre, 1.0 - 2.0 * half**2)
            + np.multiply.outer(east, along * x)
            + np.multiply.outer(north, along * y)
        )
        latitude = np.degrees(np.arcsin(np.clip(place[2], -1.0, 1.0)))
        longitude = np.degrees(np.arctan2(place[1], place[0])) % 360.0
        return np.where(inside, latitude, np.nan), np.where(inside, longitude, np.nan)

    def pixels(self, size: int) -> tuple[Floats, Floats, tuple[float, float, float, float]]:
        """Give latitude and longitude of a square image, first row at the top, and its extent on the page."""
        line = (np.arange(size) + 0.5) / size * 2.0 * self.rim - self.rim
        x, y = np.meshgrid(line, -line)
        latitude, longitude = self.inverse(x, y)
        return latitude, longitude, (-self.rim, self.rim, -self.rim, self.rim)

    def graticule(self, axes: Axes, step_deg: float = 30.0, **look: Any) -> None:
        """Draw parallels and meridians, label them, and close the rim."""
        style = {"color": "white", "linewidth": 0.5, "alpha": 0.6, **look}
        fine = np.arange(0.0, 360.5, 2.0)
        for latitude in np.arange(-90.0 + step_deg, 90.0, step_deg):
            axes.plot(*self.forward(np.full(fine.size, latitude), fine), **style)
        rise = np.arange(-90.0, 90.5, 2.0)
        for longitude in np.arange(0.0, 360.0, step_deg):
            axes.plot(*self.forward(rise, np.full(rise.size, longitude)), **style)
        turn = np.linspace(0.0, 2.0 * np.pi, 181)
        axes.plot(self.rim * np.cos(turn), self.rim * np.sin(turn), color="black", linewidth=0.8)
        for latitude, longitude in self._labels(step_deg):
            x, y = self.forward(latitude, longitude)
            if np.isfinite(x):
                polar = abs(self.latitude_deg) > 60.0
                text = (
                    f"{longitude:.0f}°E"
                    if latitude == self._label_latitude() or polar
                    else _latitude(latitude)
                )
                outward = np.hypot(x, y) > 0.98 * self.rim
                scale = 1.10 if outward else 1.0
                axes.text(
                    float(x) * scale,
                    float(y) * scale,
                    text,
                    fontsize=7.5,
                    ha="center",
                    va="center",
                    color="black" if outward else "white",
                )
        axes.set_xlim(-1.19 * self.rim, 1.19 * self.rim)
        axes.set_ylim(-1.19 * self.rim, 1.19 * self.rim)
        axes.set_aspect("equal")
        axes.axis("off")

    def _label_latitude(self) -> float:
        return 0.0

    def _labels(self, step_deg: float) -> list[tuple[float, float]]:
        if abs(self.latitude_deg) > 60.0:
            rim = self.latitude_deg - np.sign(self.latitude_deg) * self.reach_deg
            return [(float(rim), float(longitude)) for longitude in np.arange(0.0, 360.0, step_deg)]
        meridian = self.longitude_deg - min(self.reach_deg, 90.0)
        parallels = [
            (float(latitude), meridian)
            for latitude in np.arange(-90.0 + step_deg, 90.0, step_deg)
            if latitude != 0.0
        ]
        turns = np.arange(0.0, 360.0, step_deg)
        apart = np.abs((turns - self.longitude_deg + 180.0) % 360.0 - 180.0)
        return parallels + [(0.0, float(turn)) for turn in turns[apart <= self.reach_deg + 1e-6]]


@dataclass(frozen=True)
class Cylindrical:
    """Plain latitude-longitude map (plate carrée) whose middle is a chosen longitude.

    Attributes
    ----------
    longitude_deg : float
        East longitude of the middle of the map.
    """

    longitude_deg: float

    def forward(self, latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> tuple[Floats, Floats]:
        """Place latitudes and east longitudes on the page, in degrees from the middle of the map."""
        east = (np.asarray(longitude_deg, float) - self.longitude_deg + 180.0) % 360.0 - 180.0
        return east, np.asarray(latitude_deg, float) + 0.0 * east

    def pixels(self, size: int) -> tuple[Floats, Floats, tuple[float, float, float, float]]:
        """Give latitude and longitude of an image, `size` high and twice as wide, and its extent."""
        latitude = 90.0 - (np.arange(size) + 0.5) * 180.0 / size
        longitude = (np.arange(2 * size) + 0.5) * 180.0 / size - 180.0 + self.longitude_deg
        return *np.meshgrid(latitude, longitude % 360.0, indexing="ij"), (-180.0, 180.0, -90.0, 90.0)

    def graticule(self, axes: Axes, step_deg: float = 30.0, **look: Any) -> None:
        """Draw parallels and meridians as a grid with labelled ticks."""
        axes.set_xlim(-180.0, 180.0)
        axes.set_ylim(-90.0, 90.0)
        ticks = np.arange(-180.0, 180.5, step_deg)
        axes.set_xticks(ticks, [f"{(tick + self.longitude_deg) % 360.0:.0f}" for tick in ticks])
        axes.set_yticks(np.arange(-90.0, 90.5, step_deg))
        axes.grid(**{"color": "white", "linewidth": 0.5, "alpha": 0.6, **look})
        axes.set_axisbelow(False)
        axes.set_xlabel("east longitude, degrees")
        axes.set_ylabel("latitude, degrees")
        axes.set_aspect("equal")


def _latitude(degrees: float) -> str:
    return f"{abs(degrees):.0f}°{'N' if degrees > 0 else 'S'}"
