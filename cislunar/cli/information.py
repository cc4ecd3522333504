"""The `info` command: what is installed, where its data come from, and how this machine is used."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from cislunar import __version__

_SHOWN = ("file", "bytes", "sha256", "origin", "citation", "carrier", "span", "frame", "accuracy", "licence")


def collect() -> dict[str, Any]:
    """Gather everything the command prints.

    Returns
    -------
    dict
        JSON types only: `version`, `python`, `machine`, `libraries`, `earth_orientation` and `data`.
    """
    import llvmlite.binding
    import numba

    from cislunar.environment.earth import EarthOrientation
    from cislunar.environment.epochs import calendar
    from cislunar.environment.manifest import manifest
    from cislunar.propagation.jit import cache_folder
    from cislunar.propagation.simd import LANES

    earth = EarthOrientation.default()
    cache = cache_folder()
    return {
        "version": __version__,
        "python": platform.python_version(),
        "machine": {
            "system": platform.platform(),
            "processor": llvmlite.binding.get_host_cpu_name(),
            "lanes": LANES,
            "threads": numba.get_num_threads(),
            "cache": None if cache is None else str(cache),
        },
        "libraries": {name: metadata.version(name) for name in ("numpy", "numba", "astropy", "pyerfa")},
        "earth_orientation": {
            "version": earth.table_version,
            "end": calendar(earth.table_end_tdb),
            "afterwards": "UT1-UTC and the pole are held at their last values, with a warning",
        },
        "data": manifest(),
    }


def as_text(facts: dict[str, Any]) -> str:
    """Write what `collect` gathered for a person."""
    machine, earth = facts["machine"], facts["earth_orientation"]
    lines = [
        f"cislunar {facts['version']}, Python {facts['python']}",
        f"machine: {machine['system']}, {machine['processor']}, {machine['lanes']} lanes, "
        f"{machine['threads']} threads",
        f"compiled kernels: {machine['cache'] or 'not kept, no place is writable'}",
        "libraries: " + ", ".join(f"{name} {version}" for name, version in facts["libraries"].items()),
        f"Earth orientation: {earth['version']}, to {earth['end']}; {earth['afterwards']}",
        "",
        "packaged data:",
    ]
    for name, entry in facts["data"].items():
        lines.append(f"  {name}: {entry['title']}")
        for key in _SHOWN:
            if entry.get(key):
                value = entry[key]
                shown = " to ".join(map(str, value)) if isinstance(value, list) else str(value)
                lines.append(f"    {key}: {shown}")
        for source in entry.get("sources", ()):
            lines.append(f"    cut from: {source['name']}, sha256 {source['sha256']}")
    return "\n".join(lines)
