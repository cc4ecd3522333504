"""What acts on a spacecraft: the public description of a force model, and its form for the compiled loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cislunar.constants import (
    AU_KM,
    EARTH_RADIUS_KM,
    MOON_RADIUS_KM,
    SOLAR_PRESSURE_N_M2,
    SPEED_OF_LIGHT_KM_S,
    SUN_RADIUS_KM,
)
from cislunar.environment import quaternions
from cislunar.environment.earth import EarthOrientation
from cislunar.environment.ephemeris import EARTH_MOON_BARYCENTRE, Ephemeris
from cislunar.environment.gravity import EARTH_FRAME, PACKAGED_FIELD, GravityField, load_field
from cislunar.environment.orientation import LunarOrientation, axes_rotation
from cislunar.errors import InputError
from cislunar.propagation.granules import EARTH_SPACING_S, GranuleTable
from cislunar.propagation.harmonics import pack_coefficients
from cislunar.propagation.tides import RADIUS_KM, SolidTide

if TYPE_CHECKING:
    from cislunar.propagation.model import Model
    from cislunar.propagation.systems import RelativisticModel

BODY_RADIUS_KM: Mapping[str, float] = {
    "sun": SUN_RADIUS_KM,
    "mercury": 2440.53,
    "venus": 6051.8,
    "earth": EARTH_RADIUS_KM,
    "moon": MOON_RADIUS_KM,
    "mars": 3396.19,
    "jupiter": 71492.0,
    "saturn": 60268.0,
    "uranus": 25559.0,
    "neptune": 24764.0,
    "pluto": 1188.3,
}
"""Sphere on which a trajectory about a body ends, km. Planets: equatorial radii of the IAU (2015 report)."""

DEFAULT_DEGREE = 50


@dataclass(frozen=True)
class RadiationPressure:
    """Sunlight on a sphere, or on a plate that faces the Sun.

    Attributes
    ----------
    area_to_mass_m2_kg : float or array_like, shape (n,)
        Reflectivity coefficient times area over mass, one number or one for each trajectory, m^2/kg.
    pressure_n_m2 : float
        Pressure of sunlight on an absorber at 1 au, N/m^2.
    shadows : sequence of str
        Bodies whose umbra and penumbra the spacecraft may enter; none for an unshadowed force.
    """

    area_to_mass_m2_kg: ArrayLike
    pressure_n_m2: float = SOLAR_PRESSURE_N_M2
    shadows: Sequence[str] = ("moon", "earth")

    def __post_init__(self) -> None:
        """Refuse what is no pressure."""
        if not (isinstance(self.pressure_n_m2, Real) and 0.0 <= self.pressure_n_m2 < np.inf):
            raise InputError(
                f"radiation pressure: expected a pressure of 0 or more, N/m^2; got {self.pressure_n_m2!r}"
            )

    def strength(self, n: int, lenient: bool = False) -> np.ndarray:
        """Acceleration times the square of the distance from the Sun, km^3/s^2, for n trajectories.

        Raises
        ------
        InputError
            The number of values is neither 1 nor n, or they are no numbers; or some are negative or not
            finite, unless `lenient`: those are NaN then.
        """
        from cislunar.propagation.checks import every, real_numbers

        expected = f"one area-to-mass ratio or one for each of {n} trajectories"
        values = real_numbers(self.area_to_mass_m2_kg, "radiation pressure", expected)
        if values.ndim > 1 or values.size not in (1, n):
            raise InputError(f"radiation pressure: expected {expected}; got shape {values.shape}")
        bad = ~(np.isfinite(values) & (values >= 0.0)).reshape(-1)
        if bad.any() and not lenient:
            which = f" for trajectories {every(np.flatnonzero(bad))}" if values.ndim else ""
            raise InputError(
                f"radiation pressure: expected area-to-mass ratios of 0 or more, m^2/kg; got others{which}"
            )
        strength = np.where(bad, np.nan, values.reshape(-1)) * (self.pressure_n_m2 * 1e-3 * AU_KM**2)
        return np.full(n, strength[0]) if strength.size == 1 else strength


METHODS = ("auto", "rkn1210", "verner98")


class ForceModel:
    """Forces on spacecraft about one body.

    Parameters
    ----------
    center : str
        Body at the origin; any body of the ephemeris.
    gravity : str, path-like, GravityField or None
        Field of the centre: a name or file that `cislunar.environment.gravity.load_field` knows, a field,
        or None for a point mass. `"default"` is GRGM1200A for the Moon and a point mass for other bodies;
        `"egm2008"` gives the Earth its oblateness, worth J2 (R/r)^2 of its attraction: 1e-3 in a low orbit,
        3e-7 at the distance of the Moon. Its tides and the permanent part of them are left out. Steps are
        then no longer than a day, which can double their number on flights of months far from the Earth.
    degree : int, optional
        Highest degree and order used; 0 is a point mass with the field's own GM. Default: 50, or the whole
        field if it holds less.
    bodies : sequence of str
        Other bodies that attract, as point masses.
    gm : mapping of str to float
        Mass parameters to use in place of those of the gravity field (centre) and of DE440 (others),
        km^3/s^2. That of the centre scales the whole field.
    radiation_pressure : RadiationPressure, float or array_like, shape (n,), optional
        A bare number is reflectivity coefficient times area over mass, m^2/kg, shadowed by Moon and Earth.
    ephemeris : Ephemeris, optional
        Default: the packaged DE440 table.
    orientation : LunarOrientation, optional
        Default: the packaged DE440 librations.
    earth_orientation : EarthOrientation, optional
        Axes of a field of the Earth. Default: the IERS table of the installed package astropy-iers-data. A
        flight that ends beyond it gives one `EarthOrientationWarning`; UT1 is held then.
    tide : SolidTide or bool
        Solid tide of the Moon raised by Earth and Sun; True for that of `SolidTide()`. At most 9e-10 km/s^2.
    relativity : bool
        Relativistic correction of the central body (Schwarzschild term), 1e-13 km/s^2 in a low lunar orbit.
        It depends on the velocity, so that the flight is made with the second method, Verner's 9(8) pair, at
        twice the cost; it takes a tolerance ten times smaller for the same error (0.5 m at 1e-11 after 30
        days of an elliptical lunar orbit). The terms of the rotation of the centre and of its motion about
        other bodies are left out.
    method : {"auto", "rkn1210", "verner98"}
        What takes the steps: RKN12(10), for forces that do not depend on the velocity, or Verner's 9(8) pair,
        for any. `"auto"` is the former unless `relativity` asks for the latter. Burns with thrust are always
        flown by the latter.

    Attributes
    ----------
    field : GravityField or None
        The gravity field, cut to `degree`; None for a point mass.
    gm : dict of str to float
        Mass parameters in use, of the centre and of each body, km^3/s^2.
    earth_orientation : EarthOrientation or None
        What turns the field, if it is one of the Earth.
    radius_km : float
        Sphere of the central body on which a trajectory ends.

    Raises
    ------
    InputError
        A body is unknown, named twice or the centre itself, the field belongs to another body, or a GM is not
        positive.

    References
    ----------
    .. [1] B. A. Archinal et al., "Report of the IAU Working Group on Cartographic Coordinates and Rotational
       Elements: 2015", Celest. Mech. Dyn. Astr. 130:22 (2018).
    """

    def __init__(
        self,
        center: str = "moon",
        gravity: Any = "default",
        degree: int | None = None,
        bodies: Sequence[str] = ("earth", "sun"),
        gm: Mapping[str, float] | None = None,
        radiation_pressure: RadiationPressure | ArrayLike | None = None,
        ephemeris: Ephemeris | None = None,
        orientation: LunarOrientation | None = None,
        tide: SolidTide | bool = False,
        relativity: bool = False,
        earth_orientation: EarthOrientation | None = None,
        method: str = "auto",
    ) -> None:
        self.center = center
        if method not in METHODS or (method == "rkn1210" and relativity):
            raise InputError(
                f"method: expected one of {', '.join(METHODS)}, rkn1210 only without relativity; "
                f"got {method!r}"
            )
        self.method = "verner98" if relativity or method == "verner98" else "rkn1210"
        self.bodies = _checked_bodies(center, bodies)
        self.ephemeris = _checked_table(ephemeris, Ephemeris, "ephemeris")
        self.orientation = _checked_table(orientation, LunarOrientation, "orientation")
        for name in (center, *self.bodies):
            self.ephemeris.require_body(name)
        self.field = _load_field(center, gravity, degree)
        self.degree = self.field.degree if self.field is not None else 0
        self.earth_orientation: EarthOrientation | None = None
        if self._turns and self.field is not None and self.field.frame == EARTH_FRAME:
            self.earth_orientation = _checked_table(earth_orientation, EarthOrientation, "earth_orientation")
        self.gm = self._mass_parameters(gm or {})
        self.radius_km = BODY_RADIUS_KM[center]
        if radiation_pressure is not None and not isinstance(radiation_pressure, RadiationPressure):
            radiation_pressure = RadiationPressure(radiation_pressure)
        self.radiation_pressure = radiation_pressure
        # Bodies that only shine or cast shadows are tabulated too, without attraction.
        optical: tuple[str, ...] = ()
        if radiation_pressure is not None:
            shadows = tuple(radiation_pressure.shadows)
            known = all(name in BODY_RADIUS_KM and name != "sun" for name in shadows)
            if not known or center == "sun" or len(set(shadows)) < len(shadows):
                raise InputError(
                    "radiation pressure: expected a centre other than the Sun, shadows of different bodies "
                    f"(moon, earth); got centre {center!r} and shadows {shadows}"
                )
            optical = ("sun", *shadows)
        self.tide = _checked_tide(center, tide)
        if not isinstance(relativity, bool | np.bool_):
            raise InputError(f"relativity: expected True or False; got {relativity!r}")
        self.relativity = bool(relativity)
        raising = self.tide.raised_by if self.tide is not None else ()
        tabled = dict.fromkeys((*self.bodies, *optical, *raising))
        self._tabled = tuple(name for name in tabled if name != center)
        if radiation_pressure is not None:
            # The loop knows all bodies that may cover the Sun when it comes to it.
            self._tabled = (*(name for name in self._tabled if name != "sun"), "sun")

    def __repr__(self) -> str:
        """Say in one line what acts."""
        field = f"{self.field.name} {self.degree}x{self.degree}" if self.field is not None else "point mass"
        others = ", ".join(self.bodies) or "no other bodies"
        light = "" if self.radiation_pressure is None else ", radiation pressure"
        tide = "" if self.tide is None else ", solid tide"
        relativity = ", relativity" if self.relativity else ""
        return f"ForceModel({self.center}: {field}; {others}{light}{tide}{relativity})"

    def provenance(self) -> dict[str, Any]:
        """Describe the model for reports: field, degree, axes, bodies, mass parameters, tables."""
        pressure = self.radiation_pressure
        earth = self.earth_orientation
        return {
            "center": self.center,
            "gravity": self.field.name if self.field is not None else "point mass",
            "degree": self.degree,
            "gravity_frame": self.field.frame if self.field is not None else None,
            "bodies": list(self.bodies),
            "gm_km3_s2": dict(self.gm),
            "radiation_pressure": pressure is not None,
            "shadows": list(pressure.shadows) if pressure is not None else [],
            "tide_love_number": self.tide.love_number if self.tide is not None else None,
            "relativity": self.relativity,
            "method": self.method,
            "ephemeris": self.ephemeris.name,
            "orientation": self.orientation.realisation,
            "earth_orientation": earth.provenance if earth is not None else None,
        }

    @property
    def span_tdb(self) -> tuple[float, float]:
        """Epochs between which this model can be flown, seconds past J2000 TDB."""
        return self._inside_the_axes(self.ephemeris.span_tdb, self.orientation.span_tdb)

    def _fastest(self, name: str) -> float:
        """Bound of the speed of a body relative to the centre, km/s."""
        if name == self.center:
            return 0.0
        return 1.2 if {name, self.center} == {"earth", "moon"} else 120.0

    @property
    def _turns(self) -> bool:
        """Whether the field has more than its central term, so that axes matter."""
        return self.field is not None and self.degree > 0

    def _inside_the_axes(self, span: tuple[float, float], lunar: tuple[float, float]) -> tuple[float, float]:
        """Cut the span of the ephemeris to that of the axes in use; `lunar` is that of the librations."""
        if not self._turns:
            return span
        earth = self.earth_orientation
        axes = lunar if earth is None else (earth.table_start_tdb, np.inf)
        return max(span[0], axes[0]), min(span[1], axes[1])

    @cached_property
    def table(self) -> GranuleTable:
        """The environment of this model in the form of the integration loop."""
        span = self._inside_the_axes(self.ephemeris.table_span_tdb, self.orientation.table_span_tdb)
        earth = self.earth_orientation
        if earth is None:
            return GranuleTable(self._sample, span)
        return GranuleTable(self._sample, span, EARTH_SPACING_S, earth.warn_if_held)

    @cached_property
    def compiled(self) -> Model | RelativisticModel:
        """Constants of this model in the form of the integration loop."""
        from cislunar.propagation.model import Model

        rows, field_radius = np.zeros(0), RADIUS_KM
        if self.field is not None and self._turns:
            c, s = self.field.c, self.field.s
            if self.tide is not None:
                c, s = self.tide.static_coefficients(self.field)
            rows = pack_coefficients(c, s, self.degree)
            field_radius = self.field.radius_km
        shadows = self.radiation_pressure.shadows if self.radiation_pressure is not None else ()
        model = Model(
            gm=float(self.gm[self.center]),
            bodies=len(self._tabled),
            body_gm=np.array([self.gm.get(name, 0.0) for name in self._tabled]),
            degree=self.degree,
            field_radius=field_radius,
            field_rows=rows,
            sun=self._tabled.index("sun") if self.radiation_pressure is not None else -1,
            shadows=len(shadows),
            occulters=np.array(
                [-1 if name == self.center else self._tabled.index(name) for name in shadows], dtype=np.int64
            ),
            occulter_radii=np.array([BODY_RADIUS_KM[name] for name in shadows], float),
            occulter_speeds=np.array([self._fastest(name) for name in shadows], float),
            sun_radius=SUN_RADIUS_KM,
            tides=0 if self.tide is None else 1,
            body_tide=np.array([self._tide_strength(name, field_radius) for name in self._tabled], float),
        )
        if self.method == "rkn1210":
            return model
        from cislunar.propagation.systems import RelativisticModel

        return RelativisticModel(model, 1.0 / SPEED_OF_LIGHT_KM_S**2 if self.relativity else 0.0)

    def _tide_strength(self, body: str, field_radius: float) -> float:
        if self.tide is None or body not in self.tide.raised_by:
            return 0.0
        return self.tide.strength(self.gm.get(body, self.ephemeris.gm[body]), field_radius)

    def pressure(self, n: int, lenient: bool = False) -> np.ndarray:
        """Radiation pressure on n trajectories: acceleration times distance from the Sun squared.

        Raises
        ------
        InputError
            As `RadiationPressure.strength`.
        """
        light = self.radiation_pressure
        return np.zeros(n) if light is None else light.strength(n, lenient)

    def _mass_parameters(self, given: Mapping[str, float]) -> dict[str, float]:
        if not isinstance(given, Mapping):
            raise InputError(f"gm: expected a mapping of names to km^3/s^2; got {given!r}")
        for name, value in given.items():
            if name not in (self.center, *self.bodies):
                raise InputError(f"gm: {name!r} is neither the centre nor one of the bodies {self.bodies}")
            if not (isinstance(value, Real) and np.isfinite(value) and value > 0.0):
                raise InputError(f"gm: expected a positive number of km^3/s^2 for {name!r}; got {value!r}")
        used = {name: self.ephemeris.gm[name] for name in (self.center, *self.bodies)}
        if self.field is not None:
            used[self.center] = self.field.gm
        return used | {name: float(value) for name, value in given.items()}

    def _sample(self, tdb: np.ndarray) -> np.ndarray:
        """Return the tabulated series at epochs, in the order that `model.Model` states."""
        rows = [self.ephemeris.position(name, self.center, tdb) for name in self._tabled]
        indirect = np.zeros((3, tdb.size))
        for name, position in zip(self._tabled, rows, strict=True):
            distance = np.sqrt(position[0] ** 2 + position[1] ** 2 + position[2] ** 2)
            indirect -= self.gm.get(name, 0.0) * position / distance**3
        rows.append(indirect)
        if self.field is not None and self._turns:
            rows.append(self._quaternion(tdb, self.field.frame))
        return np.concatenate(rows)

    def _quaternion(self, tdb: np.ndarray, frame: str) -> np.ndarray:
        """Quaternion from ICRF to the axes of the field: Earth-fixed, or the librations turned a little."""
        if self.earth_orientation is not None:
            return self.earth_orientation.quaternion(tdb)
        small = quaternions.of_matrix(axes_rotation(self.orientation.frame, frame))
        return quaternions.product(self.orientation.quaternion(tdb), small)


def _checked_table(given: Any, kind: Any, name: str) -> Any:
    """Return a table that was given, or the packaged one of its kind."""
    if given is None:
        return kind.default()
    if not isinstance(given, kind):
        raise InputError(f"{name}: expected {kind.__module__}.{kind.__name__}; got {given!r}")
    return given


def _checked_bodies(center: str, bodies: Sequence[str]) -> tuple[str, ...]:
    """Return the bodies as a tuple; each once, none of them the centre."""
    if isinstance(bodies, str):
        raise InputError(f"bodies: expected a sequence of names; got the text {bodies!r}")
    if not isinstance(bodies, Sequence):
        raise InputError(f"bodies: expected a sequence of names, () for none; got {bodies!r}")
    if not (isinstance(center, str) and center in BODY_RADIUS_KM):
        raise InputError(f"center: expected a body, one of {', '.join(BODY_RADIUS_KM)}; got {center!r}")
    names = tuple(bodies)
    if not all(isinstance(name, str) for name in names):
        raise InputError(f"bodies: expected names; got {names}")
    if len(set(names)) < len(names) or center in names:
        raise InputError(f"bodies: expected each body once and not the centre {center!r}; got {names}")
    for name in names:
        if name not in BODY_RADIUS_KM and name != EARTH_MOON_BARYCENTRE:
            raise InputError(f"bodies: expected names among {', '.join(BODY_RADIUS_KM)}; got {name!r}")
    if EARTH_MOON_BARYCENTRE in names and {"earth", "moon"} & {center, *names}:
        raise InputError(f"bodies: {EARTH_MOON_BARYCENTRE} stands for Earth and Moon together; got {names}")
    return names


def _checked_tide(center: str, tide: SolidTide | bool) -> SolidTide | None:
    """Return the tide wanted, or None."""
    if tide is False or tide is None:
        return None
    if center != "moon":
        raise InputError(f"tide: known for the Moon only; the centre is {center!r}")
    if tide is not True and not isinstance(tide, SolidTide):
        raise InputError(f"tide: expected True, False or a SolidTide; got {tide!r}")
    return SolidTide() if tide is True else tide


def _load_field(center: str, gravity: Any, degree: int | None) -> GravityField | None:
    """Return the field of the centre, cut to the degree wanted."""
    if isinstance(gravity, str) and gravity == "default":
        gravity = PACKAGED_FIELD if center == "moon" else None
    if gravity is None:
        if degree:
            raise InputError(f"degree: a point mass at the centre {center!r} has none; got {degree}")
        return None
    field = gravity if isinstance(gravity, GravityField) else load_field(gravity)
    if field.body != center:
        raise InputError(f"gravity: {field.name} is a field of {field.body}; the centre is {center!r}")
    if (field.frame == EARTH_FRAME) != (field.body == "earth"):
        raise InputError(f"gravity: {field.name} of {field.body} cannot be in the axes {field.frame}")
    return field.truncate(min(DEFAULT_DEGREE, field.degree) if degree is None else degree)
