"""Chebyshev segments of SPICE binary kernels: SPK (ephemerides) and binary PCK (orientation).

Types 2 and 3 are read, which is what JPL's planetary and lunar files use. The file layout is NAIF's "SPK
Required Reading", "PCK Required Reading" and "DAF Required Reading"; the record access is jplephem's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from jplephem.daf import DAF

from cislunar.environment.chebyshev import ChebyshevPiece
from cislunar.environment.datafile import PathLike, existing_file, fault, reading

_WORD_BYTES = 8
_MOST_SEGMENTS = 100_000
"""Where the walk along the chain of summaries stops, which a damaged file may have bent into a ring."""
_ICRF_FRAME_ID = 1
_SPK_EXPECTED = "an SPK ephemeris kernel (DAF/SPK, Chebyshev type 2 or 3, ICRF axes)"
_PCK_EXPECTED = "a binary PCK orientation kernel (DAF/PCK, Chebyshev type 2, ICRF axes)"


@dataclass(frozen=True)
class Segment:
    """One Chebyshev segment of a kernel.

    Attributes
    ----------
    path : pathlib.Path
        The file it comes from.
    target : int
        NAIF id of the body (SPK) or of the body-fixed frame (PCK).
    center : int
        NAIF id of the centre; 0 for a PCK.
    span_s : tuple of float
        Epochs covered, seconds past J2000 TDB.
    data_type : int
        2 (positions or angles) or 3 (positions and velocities; the positions are used).
    first_word, last_word : int
        One-based place of its numbers in the file, in units of eight bytes.
    """

    path: Path
    target: int
    center: int
    span_s: tuple[float, float]
    data_type: int
    first_word: int
    last_word: int

    def load(self) -> ChebyshevPiece:
        """Read the coefficients.

        Raises
        ------
        DataFileError
            The segment contradicts itself or holds numbers that are not finite.
        """
        expected = f"Chebyshev coefficients of NAIF id {self.target}"
        with reading(self.path, expected), self.path.open("rb") as stream:
            words = np.array(DAF(stream).read_array(self.first_word, self.last_word))
        start_s, granule_s = float(words[-4]), float(words[-3])
        size, count = (int(word) if np.isfinite(word) else 0 for word in words[-2:])
        components = 3 * (self.data_type - 1)
        if (
            not (granule_s > 0.0 and count > 0 and size > 2 + components and size * count + 4 == len(words))
            or (size - 2) % components
        ):
            raise fault(self.path, "a damaged segment directory", expected, "fetch the file again")
        records = words[: size * count].reshape(count, size)[:, 2:].reshape(count, components, -1)
        coefficients = np.ascontiguousarray(records[:, :3, :].transpose(2, 1, 0))
        if not np.isfinite(coefficients).all():
            raise fault(self.path, "numbers that are not finite", expected, "fetch the file again")
        return ChebyshevPiece(start_s, granule_s, coefficients)


def read_spk(path: PathLike) -> list[Segment]:
    """List the usable segments of an SPK file, in file order (later ones take precedence).

    Segments of bodies in axes other than the ICRF, or of a type other than 2 and 3, are left out.

    Raises
    ------
    DataFileError
        The file is missing, a folder, not an SPK, or damaged.
    """
    segments = []
    for values, file in _summaries(path, "DAF/SPK", 8, _SPK_EXPECTED):
        start_s, end_s, target, center, frame, data_type, first, last = values
        if frame == _ICRF_FRAME_ID and data_type in (2, 3):
            segments.append(Segment(file, target, center, (start_s, end_s), data_type, first, last))
    return segments


def read_pck(path: PathLike) -> list[Segment]:
    """List the usable segments of a binary PCK, in file order; `target` is the id of the body-fixed frame.

    Raises
    ------
    DataFileError
        The file is missing, a folder, not a binary PCK, or damaged.
    """
    segments = []
    for values, file in _summaries(path, "DAF/PCK", 7, _PCK_EXPECTED):
        start_s, end_s, target, frame, data_type, first, last = values
        if frame == _ICRF_FRAME_ID and data_type == 2:
            segments.append(Segment(file, target, 0, (start_s, end_s), data_type, first, last))
    return segments


def _summaries(
    path: PathLike, kind: str, numbers: int, expected: str
) -> Iterator[tuple[tuple[Any, ...], Path]]:
    """Yield the summary of every segment of a DAF after checking that the file holds all of it."""
    file = existing_file(path, expected)
    with file.open("rb") as stream:
        word = stream.read(8).decode("ascii", "replace").strip()
        if word not in (kind, "NAIF/DAF"):
            raise fault(path, f"a file that begins with {word[:8]!r}", expected, "name a kernel of that kind")
        with reading(path, expected):
            found = [values for _, values in islice(DAF(stream).summaries(), _MOST_SEGMENTS)]
    held = file.stat().st_size
    for values in found:
        if len(values) != numbers or not 0 < values[-2] < values[-1]:
            raise fault(path, "a damaged segment summary", expected, "fetch the file again")
        needed = values[-1] * _WORD_BYTES
        if needed > held:
            raise fault(
                path, f"a file cut short at {held} of {needed} bytes", expected, "fetch the file again"
            )
        yield values, file


def adjoining(segments: Sequence[Segment]) -> list[Segment]:
    """Choose segments of one target that follow each other without a gap or overlap.

    Kernels may repeat a body: in pieces that adjoin in time, or in a second copy of which the last in the
    file counts. The chain that contains the last segment is returned, in order of time.
    """
    chain = [segments[-1]]
    rest = list(segments[:-1])
    while True:
        start_s, end_s = chain[0].span_s[0], chain[-1].span_s[1]
        before = next((s for s in reversed(rest) if s.span_s[0] < start_s and s.span_s[1] == start_s), None)
        after = next((s for s in reversed(rest) if s.span_s[0] == end_s and s.span_s[1] > end_s), None)
        if before is None and after is None:
            return chain
        if before is not None:
            chain.insert(0, before)
        if after is not None:
            chain.append(after)
