"""Where the packages that carry published data files keep them."""

import importlib.util
from pathlib import Path

import pytest


def carrier(module: str, inside: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        pytest.skip(f"{module} is not installed")
    return Path(spec.origin).parent / inside
