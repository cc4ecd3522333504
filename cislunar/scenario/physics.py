"""The force model of a scenario, and whether the gravity field it names can be used as asked."""

from __future__ import annotations

from pathlib import Path

from cislunar.errors import CislunarError
from cislunar.scenario import format as declared
from cislunar.scenario import model
from cislunar.scenario.names import names_of
from cislunar.scenario.reading import Reading, Value


def build_physics(value: Value | None, reading: Reading) -> model.Physics:
    """Build the force model; mistakes go to `reading`.

    Parameters
    ----------
    value : Value or None
        The mapping in the file, None for the defaults.
    reading : Reading
        Takes the mistakes found here.
    """
    if value is None:
        return model.Physics(
            gravity=declared.GRAVITY,
            gravity_frame=None,
            degree=declared.DEFAULT_DEGREE,
            bodies=declared.DEFAULT_BODIES,
            tolerance=declared.DEFAULT_TOLERANCE,
        )
    bodies = value.child("bodies")
    named = names_of(bodies, declared.BODIES, "a body", reading) if bodies else declared.DEFAULT_BODIES
    physics = model.Physics(
        gravity=value.get("gravity", declared.GRAVITY),
        gravity_frame=value.get("gravity_frame", None),
        degree=value.get("degree", declared.DEFAULT_DEGREE),
        bodies=named,
        tolerance=value.get("tolerance", declared.DEFAULT_TOLERANCE),
    )
    if isinstance(physics.gravity, Path):
        _check_file(value, physics, reading)
    else:
        _check_packaged(value, physics, reading)
    return physics


def _check_packaged(value: Value, physics: model.Physics, reading: Reading) -> None:
    degree, frame = value.child("degree"), value.child("gravity_frame")
    if degree is not None and physics.degree > declared.PACKAGED_DEGREE:
        reading.problem(
            degree.node,
            degree.path,
            f"found {degree.data}; the packaged field ends at degree {declared.PACKAGED_DEGREE}; "
            "expected no more, or gravity: the path of a larger field",
        )
    if frame is not None:
        message = f"has no effect: {declared.GRAVITY} states its own axes; expected it beside a gravity file"
        reading.problem(frame.node, frame.path, message)


def _check_file(value: Value, physics: model.Physics, reading: Reading) -> None:
    """Read the field now, so that a file that cannot be used is a mistake at its place in the scenario."""
    from cislunar.environment.gravity import load_field

    gravity = value.child("gravity")
    if gravity is None or any(child is not None and not child.ok for child in value.data.values()):
        return
    try:
        load_field(physics.gravity, physics.degree, frame=physics.gravity_frame)
    except CislunarError as error:
        hint = "" if physics.gravity_frame else "; in a scenario the axes are stated by physics.gravity_frame"
        shown = hint if "frame" in str(error) else ""
        reading.problem(gravity.node, gravity.path, f"{error}{shown}")
