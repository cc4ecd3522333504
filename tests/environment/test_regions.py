"""Named regions against their definitions in words: cosines of longitude, degrees of latitude."""

import numpy as np
import pytest

from cislunar.environment.regions import REGIONS, region
from cislunar.errors import InputError

MEANING = {
    "far side": lambda latitude, longitude: np.cos(np.radians(longitude)) < 0.0,
    "near side": lambda latitude, longitude: np.cos(np.radians(longitude)) > 0.0,
    "moon": lambda latitude, longitude: True,
    "south polar cap": lambda latitude, longitude: latitude <= -80.0,
    "north polar cap": lambda latitude, longitude: latitude >= 80.0,
}


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("latitude", [-90.0, -85.0, -79.0, -10.0, 0.0, 33.0, 81.0, 90.0])
@pytest.mark.parametrize(
    "longitude",
    [-360.0, -269.0, -180.0, -179.0, -91.0, -89.0, 0.0, 89.0, 91.0, 180.0, 181.0, 269.0, 271.0, 360.0],
)
def test_places_lie_where_the_words_say(name: str, latitude: float, longitude: float) -> None:
    inside = region(name).contains(np.radians(latitude), np.radians(longitude))
    assert inside == MEANING[name](latitude, longitude)


@pytest.mark.parametrize("longitude", [-270.0, -90.0, 90.0, 270.0])
def test_the_limb_belongs_to_both_sides(longitude: float) -> None:
    for side in ("far side", "near side"):
        assert region(side).contains(0.0, np.radians(longitude))


def test_unknown_region_lists_the_known() -> None:
    with pytest.raises(InputError, match="unknown region 'dark side'; expected one of far side, near side"):
        region("dark side")
