"""CCSDS Orbit Ephemeris Messages: trajectories out, other tools' trajectories in.

`write_oem` and `read_oem` speak the file format; `trajectory_from_oem` turns what was read into a Moon-
centred `Trajectory` over the span that is needed, and refuses a file that does not determine it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cislunar.errors import DataFileError
from cislunar.exchange.interpolation import EDGE_S, StateInterpolator
from cislunar.exchange.oem_reader import Oem, OemSegment, read_oem
from cislunar.exchange.oem_writer import format_oem, write_oem
from cislunar.time import format_epoch

if TYPE_CHECKING:
    from cislunar.environment import Environment
    from cislunar.propagation import Trajectory

__all__ = ["Oem", "OemSegment", "format_oem", "read_oem", "trajectory_from_oem", "write_oem"]

Array = NDArray[np.float64]

HOLE_RATIO: Final = 2.5
"""An interval longer than this many times the usual spacing before and after it is a hole."""

DISAGREEMENT_KM: Final = 1.0
"""Where interpolations over neighbouring windows differ by more than this, km, the table has a hole."""

JOIN_KM: Final = 0.1
"""Segments are joined to one path where their positions agree within this, km, at the epoch they meet."""

_MIN_ROWS: Final = 3  # two rows cannot tell whether they are too far apart
_NEIGHBOURS: Final = 5
_TOLERANCE_KM: Final = 1e-4
_MIN_INTERVAL_S: Final = 0.02  # reached only beside a manoeuvre between segments
_CHECKS: Final = np.array([0.25, 0.5, 0.75])


@dataclass(frozen=True, eq=False)
class _Piece:
    """A part of the span that one segment covers."""

    segment: OemSegment
    table: StateInterpolator
    start: float
    stop: float

    @cached_property
    def needed(self) -> NDArray[np.intp]:
        """Intervals of the table that the part touches."""
        nodes = self.segment.tdb
        return np.flatnonzero((nodes[1:] > self.start) & (nodes[:-1] < self.stop))

    @cached_property
    def doubt_km(self) -> Array:
        """Distance between interpolations over neighbouring windows halfway through the needed intervals."""
        table = self.table
        middles = table.seconds[self.needed] + 0.5 * np.diff(table.seconds)[self.needed]
        place = table(middles)[:3]
        opinions = [table(middles, -1), table(middles, 1)]
        if table.seconds.size == table.points:  # there is one window only: compare with a lower degree
            lower = StateInterpolator(table.seconds, table.states, table.method, max(table.degree - 2, 1))
            opinions = [lower(middles)]
        apart = [np.linalg.norm(opinion[:3] - place, axis=0) for opinion in opinions]
        return np.max(np.array(apart), axis=0, initial=0.0)

    def tolerance_km(self, tdb: Array) -> Array:
        """How closely the table is to be followed at epochs within the part, km (m,).

        Lagrange polynomials of neighbouring windows meet with a kink, and those of even degree change window
        in mid-interval with a step; nothing is gained by following either.
        """
        if self.table.method == "HERMITE":
            return np.full(tdb.shape, _TOLERANCE_KM)
        interval = np.searchsorted(self.segment.tdb, tdb, side="right") - 1 - self.needed[0]
        return np.maximum(self.doubt_km, _TOLERANCE_KM)[np.clip(interval, 0, self.needed.size - 1)]


def trajectory_from_oem(
    oem: Oem, start_tdb: float, stop_tdb: float, environment: Environment | None = None
) -> Trajectory:
    """Moon-centred trajectory through the states of a message.

    Between the states the interpolation is the one the file states; the trajectory follows it to 0.1 m
    (LAGRANGE: or as far as polynomials through neighbouring rows agree with one another).
    Segments that meet or overlap are joined; where the velocity jumps between them, at a manoeuvre, the
    trajectory turns within a fraction of a second and stays within 1 m up to jumps of 100 m/s.

    Parameters
    ----------
    oem : Oem
        The message, from `read_oem`.
    start_tdb, stop_tdb : float
        Span that is needed, s past J2000 TDB.
    environment : Environment, optional
        Ephemeris, for messages about another centre than the Moon; the packaged one if left out.

    Returns
    -------
    Trajectory
        One trajectory about the Moon, ICRF axes, from `start_tdb` to `stop_tdb`.

    Raises
    ------
    DataFileError
        If part of the span is not covered, the states leave a hole in it, or segments do not fit together.
    EpochRangeError
        If the centre is not the Moon and the ephemeris does not cover the span.
    """
    from cislunar.propagation import Trajectory

    pieces = _cover(oem, start_tdb, stop_tdb)
    for piece in pieces:
        _refuse_holes(oem, piece)
    for before, after in pairwise(pieces):
        _require_join(oem, before, after, environment)
    elapsed = _first_nodes(pieces) - start_tdb
    while True:
        states = _states(pieces, start_tdb + elapsed, environment)
        trajectory = Trajectory.from_nodes("moon", start_tdb, elapsed, states)
        lengths = np.diff(elapsed)
        between = (elapsed[:-1, np.newaxis] + lengths[:, np.newaxis] * _CHECKS).ravel()
        expected = _states(pieces, start_tdb + between, environment)
        error = np.linalg.norm(trajectory.at(between)[:3, 0] - expected[:3], axis=0)
        excess = error - _tolerance_km(pieces, start_tdb + between)
        bad = excess.reshape(lengths.size, _CHECKS.size).max(axis=1) > 0.0
        bad &= lengths > _MIN_INTERVAL_S
        if not np.any(bad):
            return trajectory
        elapsed = np.sort(np.concatenate((elapsed, elapsed[:-1][bad] + 0.5 * lengths[bad])))


def _cover(oem: Oem, start: float, stop: float) -> list[_Piece]:
    """Pieces of segments that follow one another from start to stop."""
    pieces: list[_Piece] = []
    reached = start
    usable = [segment for segment in oem.segments if segment.tdb.size >= _MIN_ROWS]
    while not pieces or reached < stop - EDGE_S:
        reaching = [s for s in usable if s.useable_tdb[0] - EDGE_S <= reached < s.useable_tdb[1]]
        if not reaching:
            later = [s.useable_tdb[0] for s in usable if s.useable_tdb[0] > reached]
            raise _hole(oem, reached, min(stop, *later) if later else stop, start, stop)
        segment = max(reaching, key=lambda s: s.useable_tdb[1])
        end = min(segment.useable_tdb[1], stop)
        table = StateInterpolator(
            segment.tdb - segment.tdb[0], segment.states, segment.method, segment.degree
        )
        end = stop if end >= stop - EDGE_S else end
        pieces.append(_Piece(segment, table, reached, end))
        reached = end
    return pieces


def _hole(oem: Oem, begin: float, end: float, start: float, stop: float) -> DataFileError:
    return DataFileError(
        f"{oem.path}: the ephemeris has a hole from {format_epoch(begin)} to {format_epoch(end)} UTC; "
        f"expected states from {format_epoch(start)} to {format_epoch(stop)} UTC without a gap"
    )


def _refuse_holes(oem: Oem, piece: _Piece) -> None:
    """Refuse a table with missing rows, or too thin to say where the spacecraft is between them."""
    nodes = piece.segment.tdb
    lengths = np.diff(nodes)
    missing = lengths[piece.needed] > HOLE_RATIO * _usual_spacing(lengths)[piece.needed]
    missing |= piece.doubt_km > DISAGREEMENT_KM
    if np.any(missing):
        index = piece.needed[int(np.argmax(missing))]
        raise _hole(oem, float(nodes[index]), float(nodes[index + 1]), piece.start, piece.stop)


def _usual_spacing(lengths: Array) -> Array:
    """Larger of the median lengths of a few intervals before and of a few behind each interval."""
    usual = np.zeros_like(lengths)
    padding = np.full(_NEIGHBOURS, np.nan)
    before = sliding_window_view(np.concatenate((padding, lengths)), _NEIGHBOURS)[1:-1]
    after = sliding_window_view(np.concatenate((lengths, padding)), _NEIGHBOURS)[1:-1]
    usual[1:] = np.nanmedian(before, axis=1)
    usual[:-1] = np.maximum(usual[:-1], np.nanmedian(after, axis=1))
    return usual


def _require_join(oem: Oem, before: _Piece, after: _Piece, environment: Environment | None) -> None:
    """Refuse segments whose positions do not meet; a jump in velocity is a manoeuvre, and followed."""
    epoch = np.array([before.stop])
    jump = _piece_states(after, epoch, environment)[:3] - _piece_states(before, epoch, environment)[:3]
    distance = float(np.linalg.norm(jump))
    if distance > JOIN_KM:
        raise DataFileError(
            f"{oem.path}: found segments {distance:.6g} km apart at {format_epoch(before.stop)} UTC; "
            f"expected segments that meet within {JOIN_KM:g} km"
        )


def _first_nodes(pieces: list[_Piece]) -> Array:
    """Epochs of the rows in use, and of the ends of the pieces."""
    epochs = [pieces[0].start]
    for piece in pieces:
        nodes = piece.segment.tdb
        clear = 1e-3 * np.median(np.diff(nodes))
        epochs.extend(nodes[(nodes > piece.start + clear) & (nodes < piece.stop - clear)].tolist())
        epochs.append(piece.stop)
    return np.array(epochs)


def _shared(pieces: list[_Piece], tdb: Array) -> list[tuple[_Piece, Array]]:
    """Share epochs in increasing order among the pieces."""
    index = np.searchsorted([piece.stop for piece in pieces[:-1]], tdb, side="right")
    return [(piece, tdb[index == k]) for k, piece in enumerate(pieces)]


def _states(pieces: list[_Piece], tdb: Array, environment: Environment | None) -> Array:
    """Moon-centred states (6, m) at epochs in increasing order."""
    parts = [_piece_states(piece, own, environment) for piece, own in _shared(pieces, tdb)]
    return np.concatenate(parts, axis=1)


def _tolerance_km(pieces: list[_Piece], tdb: Array) -> Array:
    """How closely the tables are to be followed, km (m,), at epochs in increasing order."""
    return np.concatenate([piece.tolerance_km(own) for piece, own in _shared(pieces, tdb)])


def _piece_states(piece: _Piece, tdb: Array, environment: Environment | None) -> Array:
    table = piece.table
    states = table(tdb - piece.segment.tdb[0])
    if piece.segment.center == "moon":
        return states
    if environment is None:
        from cislunar.environment import Environment

        environment = Environment.default()
    return states + environment.ephemeris.state(piece.segment.center, "moon", tdb)
