"""Names of the axes that burns are given in: a module of their own, since the scenario format names them."""

from __future__ import annotations

from typing import Final

AXES: Final = ("icrf", "vnc", "rtn")
"""ICRF; velocity, normal, co-normal; radial, transverse, normal: see `burn_kinds`."""
