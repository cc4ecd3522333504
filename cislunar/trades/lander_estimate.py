"""What studies of landers will take: a few direct transfers and a small search, measured and scaled."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cislunar.scenario.phases import BallisticTransferPhase
from cislunar.trades.lander_flight import land_cases, search_key, searched, surroundings

if TYPE_CHECKING:
    from cislunar.trades.lander_flight import LanderChunk
    from cislunar.trades.landers import Lander

_DIRECT: Final = 8
_CANDIDATES: Final = 2000


def probe_landers(chunk: LanderChunk, threads: int | None = None) -> tuple[float, int]:
    """Processor time that all cases of a chunk will take, s, and how many cases were tried to find it.

    Direct transfers cost by the number of different ones, low-energy ones by the arrivals that their searches
    try, whatever the number of cases.
    """
    different: dict[object, Lander] = {}
    searches = {}
    for lander in chunk.landers:
        if isinstance(lander.transfer, BallisticTransferPhase):
            key = search_key(lander)
            searches[repr(key)] = key
        else:
            different.setdefault(repr((lander.launch, lander.transfer)), lander)
    picked = list(different.values())[:: max(1, len(different) // _DIRECT)]
    expected = 0.0
    if picked:
        land_cases(tuple(picked[:1]), chunk.setting, threads)
        began = time.process_time()
        land_cases(tuple(picked), chunk.setting, threads)
        expected += (time.process_time() - began) * len(different) / len(picked)
    for phase, parking in searches.values():
        began = time.process_time()
        searched(surroundings(chunk.setting), replace(phase, candidates=_CANDIDATES), parking)
        expected += (time.process_time() - began) * phase.candidates / _CANDIDATES
    return expected, len(picked)
