"""What the corrections of a transfer set aside."""

from __future__ import annotations

import numpy as np

from cislunar.mission.timeline_traveller import NotPossibleError, Traveller
from cislunar.scenario.phases import CorrectionPhase
from cislunar.transfers.corrections import (
    PERCENTS,
    CorrectionErrors,
    correction_statistics,
    injection_covariance,
)
from cislunar.vehicles.rocket import propellant


def corrections(traveller: Traveller, phase: CorrectionPhase) -> None:
    """Fly the phase `correction`: sample it, and take the propellant of its percentile.

    The nominal path needs no correction and stays as it is; mass and propellant at the arrival are those of a
    flight that needed as much as the percentile says.
    """
    transfer = traveller.transfer
    assert transfer is not None
    flight_s = float(transfer.time_of_flight_s[0])
    late = phase.times_s[-1] - flight_s
    if late >= 0.0:
        raise NotPossibleError(
            f"the last correction is {late / 3600.0:.3g} h after the arrival", {"time_s": late}
        )
    covariance = injection_covariance(
        delta_v_km_s=float(transfer.injection_km_s[0]),
        magnitude=phase.injection_magnitude,
        pointing_rad=phase.injection_pointing_rad,
    )
    errors = CorrectionErrors(
        covariance,
        phase.execution_magnitude,
        phase.execution_pointing_rad,
        phase.execution_fixed_km_s,
        phase.navigation_position_km,
        phase.navigation_velocity_km_s,
    )
    found = correction_statistics(
        transfer,
        np.array(phase.times_s),
        errors,
        phase.samples,
        phase.seed,
        traveller.around.earth,
    )
    size = found.percentiles(0, None, (100.0 * phase.percentile,))[0].value_km_s
    traveller.details.update(
        percentile=phase.percentile,
        injection_covariance_rtn=covariance,
        samples=phase.samples,
        seed=phase.seed,
        totals_km_s=found.total_km_s[0],
        each_km_s=found.sizes_km_s[:, 0],
        times_s=list(phase.times_s),
        percentiles_km_s={each.percent: each.value_km_s for each in found.percentiles(0, None, PERCENTS)},
        miss_km=np.hypot(*found.miss_km[:, 0]),
        uncorrected_km=np.hypot(*found.uncorrected_km[:, 0]),
    )
    needed = float(propellant(traveller.mass_kg, size, traveller.engine.isp_s))
    traveller.require(needed, size, 0.0, "the sum of the corrections")
    traveller.spend(0.0, 0.0, needed)
    traveller.spent["statistical_km_s"] = size
