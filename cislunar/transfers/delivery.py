"""Taking a relay from its release into its working orbit: by itself or by the lander, cheapest first.

Ways between two orbits are impulsive and two-body: the cheapest two impulses, and three with the apoapsis
first raised to where planes and apses turn cheaply. The relay may be released on any orbit the lander passes
on its way in, such as a loose capture ellipse. What a way leaves out (length of burns, the Earth's
pull on loose ellipses) is a few m/s to tens of m/s and belongs to the margins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from cislunar.constants import MOON_RADIUS_KM
from cislunar.errors import InputError
from cislunar.orbits.elements import KeplerianElements
from cislunar.transfers.changes import change_apoapsis, half_period_s
from cislunar.transfers.craft import Craft
from cislunar.transfers.two_impulse import cheapest_two_impulses

TURNING_RADII_KM = (20_000.0, 40_000.0, 60_000.0)
"""Where turns high up are tried; beyond the last the Earth, not the Moon, decides."""


@dataclass(frozen=True)
class Way:
    """A way from one orbit to another.

    Attributes
    ----------
    name : str
        What it does.
    impulses_km_s : tuple of float
        Sizes, km/s.
    time_s : float
        From the first impulse to the last, s.
    end : KeplerianElements
        The orbit it leads to, of those that would do.
    """

    name: str
    impulses_km_s: tuple[float, ...]
    time_s: float
    end: KeplerianElements

    @property
    def total_km_s(self) -> float:
        """Sum of the impulses, km/s."""
        return float(sum(self.impulses_km_s))


@dataclass(frozen=True)
class Leg:
    """What one craft does in a delivery.

    Attributes
    ----------
    craft, what : str
        Who, and what.
    delta_v_km_s, propellant_kg : float
        Change of velocity, and the propellant for it, whether aboard or not.
    short_kg : float
        Propellant missing, kg; 0 if there is enough.
    """

    craft: str
    what: str
    delta_v_km_s: float
    propellant_kg: float
    short_kg: float


@dataclass(frozen=True)
class DeliveryOption:
    """One way to deliver a relay.

    Attributes
    ----------
    name : str
        Who flies, from where, and how.
    legs : tuple of Leg
        In the order of the flight.
    time_s : float
        From the first impulse to the last, s.
    end : KeplerianElements
        The working orbit it leads to, of those that would do.
    """

    name: str
    legs: tuple[Leg, ...]
    time_s: float
    end: KeplerianElements

    @property
    def delta_v_km_s(self) -> float:
        """Sum over all craft, km/s."""
        return sum(leg.delta_v_km_s for leg in self.legs)

    @property
    def propellant_kg(self) -> float:
        """Propellant of all craft, kg."""
        return sum(leg.propellant_kg for leg in self.legs)

    @property
    def feasible(self) -> bool:
        """Whether every craft has the propellant for its legs."""
        return all(leg.short_kg == 0.0 for leg in self.legs)

    @property
    def message(self) -> str:
        """What is short and by how much; empty if nothing is."""
        return "; ".join(
            f"{leg.craft} needs {leg.propellant_kg:.1f} kg ({1e3 * leg.delta_v_km_s:.0f} m/s) to {leg.what}, "
            f"short by {leg.short_kg:.1f} kg"
            for leg in self.legs
            if leg.short_kg > 0.0
        )

    def by(self, craft: str) -> float:
        """Change of velocity of one craft, km/s."""
        return sum(leg.delta_v_km_s for leg in self.legs if leg.craft == craft)


def ways(
    start: KeplerianElements,
    end: KeplerianElements,
    gm: float,
    turning_km: Sequence[float] = TURNING_RADII_KM,
    least_periapsis_km: float = MOON_RADIUS_KM + 50.0,
) -> list[Way]:
    """Ways from one orbit to another, cheapest first.

    Parameters
    ----------
    start : KeplerianElements, shape ()
        An ellipse.
    end : KeplerianElements, shape () or (m,)
        Where to; any of several will do (other nodes of the same orbit, for example).
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    turning_km : sequence of float
        Apoapsis radii to raise the orbit to first; those not above the apoapsis are left out.
    least_periapsis_km : float
        Transfers stay above this radius.

    Returns
    -------
    list of Way
        With two impulses, and with a turn high up.

    Raises
    ------
    InputError
        An orbit that is no ellipse.
    """
    found = [_best("two impulses", start, end, gm, least_periapsis_km, (), 0.0)]
    rp, ra = float(start.periapsis_radius_km), float(start.apoapsis_radius_km)
    high = []
    for radius in turning_km:
        if radius <= ra:
            continue
        raising = float(change_apoapsis(rp, ra, radius, gm).total_km_s)
        loose = _with_apoapsis(start, radius)
        wait = float(half_period_s(rp, radius, gm))
        high.append(
            _best(
                f"three impulses, turning {radius - MOON_RADIUS_KM:,.0f} km high",
                loose,
                end,
                gm,
                least_periapsis_km,
                (raising,),
                wait,
            )
        )
    if high:
        found.append(min(high, key=lambda way: way.total_km_s))
    return sorted(found, key=lambda way: way.total_km_s)


def _best(
    name: str,
    start: KeplerianElements,
    end: KeplerianElements,
    gm: float,
    least_km: float,
    before: tuple[float, ...],
    wait_s: float,
) -> Way:
    found = cheapest_two_impulses(start, end, gm, least_km)
    i = int(np.argmin(found.total_km_s))
    impulses = (*before, *(float(each) for each in found.impulses_km_s[:, i]))
    chosen = KeplerianElements(*(np.atleast_1d(getattr(end, field.name))[i] for field in fields(end)))
    return Way(name, impulses, wait_s + float(found.coast_s[i]), chosen)


def _with_apoapsis(orbit: KeplerianElements, apoapsis_km: float) -> KeplerianElements:
    rp = float(orbit.periapsis_radius_km)
    return replace(
        orbit,
        semi_major_axis_km=np.array(0.5 * (rp + apoapsis_km)),
        eccentricity=np.array((apoapsis_km - rp) / (apoapsis_km + rp)),
        true_anomaly_rad=np.array(0.0),
    )


def rank_deliveries(
    relay: Craft,
    lander: Craft | None,
    releases: Mapping[str, KeplerianElements],
    working: KeplerianElements,
    gm: float,
    lander_returns: bool = True,
    turning_km: Sequence[float] = TURNING_RADII_KM,
) -> list[DeliveryOption]:
    """Rank the ways to deliver a relay: those that can be flown first, by the propellant of all craft.

    Parameters
    ----------
    relay : Craft
        The relay.
    lander : Craft or None
        What carries it, relay included in mass and dry mass; None to leave its help out.
    releases : mapping of str to KeplerianElements
        Orbits that the lander passes anyhow and on which it could let go of the relay, by name; the last is
        where it stays. Axes as those of `working`.
    working : KeplerianElements, shape () or (m,)
        The working orbit, or several of which any will do.
    gm : float
        Gravitational parameter of the Moon, km^3/s^2.
    lander_returns : bool
        Whether the lander must come back to the last release orbit after it has carried the relay.
    turning_km : sequence of float
        As for `ways`.

    Returns
    -------
    list of DeliveryOption

    Raises
    ------
    InputError
        No release orbit, one that is no ellipse, or a relay that is not aboard: heavier than all of the
        lander that is not propellant.
    """
    if not releases:
        raise InputError("delivery: expected one release orbit or more")
    if lander is not None and relay.mass_kg >= lander.dry_mass_kg:
        raise InputError(
            f"delivery: {relay.name} ({relay.mass_kg:.1f} kg) is not aboard {lander.name}, of which "
            f"{lander.dry_mass_kg:.1f} kg are not propellant: count the relay in its mass and dry mass"
        )
    options: list[DeliveryOption] = []
    found: list[Way] = []
    for name, start in releases.items():
        found = ways(start, working, gm, turning_km)
        for way in found:
            leg = _leg(relay, f"fly from {name} to its orbit", way.total_km_s)
            title = f"{relay.name} by itself from {name}, {way.name}"
            options.append(DeliveryOption(title, (leg,), way.time_s, way.end))
    if lander is not None:
        last = list(releases)[-1]
        options += [_carried(relay, lander, last, way, lander_returns) for way in found]
    return sorted(options, key=lambda option: (not option.feasible, option.propellant_kg))


def _carried(relay: Craft, lander: Craft, name: str, way: Way, returns: bool) -> DeliveryOption:
    out = _leg(lander, f"carry {relay.name} to its orbit", way.total_km_s)
    legs = [out]
    time_s = way.time_s
    title = f"{lander.name} carries {relay.name} from {name}, {way.name}"
    if returns:
        title += ", and returns"
        # The way back costs the same speed and, without the relay, less propellant.
        light = lander.without(relay.mass_kg)
        left = max(light.mass_kg - out.propellant_kg, 1e-6)
        used = replace(light, mass_kg=left, dry_mass_kg=min(light.dry_mass_kg, left))
        legs.append(_leg(used, "return", way.total_km_s))
        time_s *= 2.0
    return DeliveryOption(title, tuple(legs), time_s, way.end)


def _leg(craft: Craft, what: str, delta_v_km_s: float) -> Leg:
    needed = craft.needs_kg(delta_v_km_s)
    return Leg(craft.name, what, delta_v_km_s, needed, max(needed - craft.propellant_kg, 0.0))
