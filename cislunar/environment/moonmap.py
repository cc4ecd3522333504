"""A small grey map of the Moon to draw on."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cislunar.environment import manifest
from cislunar.environment.datafile import reading
from cislunar.errors import InputError


def load_moon_map(west_deg: float = 0.0) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """Return the map of the Moon in simple cylindrical projection, mean-Earth axes.

    Parameters
    ----------
    west_deg : float
        East longitude of the left edge, degrees: 0 puts the far side in the middle, -180 the near side.

    Returns
    -------
    image : numpy.ndarray of uint8, shape (1024, 2048)
        Grey levels; first row north, columns eastward.
    extent : tuple of float
        West, east, south and north edge in degrees, as `matplotlib`'s `imshow(extent=...)` takes it.

    Raises
    ------
    InputError
        `west_deg` is not a finite number.
    """
    if not np.isfinite(west_deg):
        raise InputError(f"map: expected a finite longitude of the left edge in degrees; got {west_deg!r}")
    image = _image()
    columns = image.shape[1]
    shift = round(west_deg / 360.0 * columns)
    west = shift * 360.0 / columns
    return np.roll(image, -shift, axis=1), (west, west + 360.0, -90.0, 90.0)


@cache
def _image() -> NDArray[np.uint8]:
    from PIL import Image

    path = manifest.path("moon-map")
    with reading(path, "the packaged map of the Moon"), Image.open(path) as picture:
        image = np.array(picture.convert("L"))
    image.flags.writeable = False
    return image
