"""Edges on trajectories whose nodes stand very unevenly, as steps that end at shadow edges leave them.

The motion is Kepler's in closed form, so extra nodes tell nothing new and no edge may move. 0.1 ms is allowed
where 1 ms is promised; with the pairs of nodes as they are, rounding moves edges by seconds.
"""

import numpy as np
from doubles import Nodes, kepler_nodes, place, uniform_world

from cislunar.coverage.finder import Relays, build_scene, find_chunk
from cislunar.coverage.scene import Kind
from cislunar.coverage.tables import WindowTables

SPAN = 4 * 86400.0
ORBITS = [{"a": 5449.0, "e": 0.6, "i": 1.4, "argp": 1.6}, {"a": 2400.0, "e": 0.1, "i": 1.2, "raan": 1.0}]


def with_pairs(recorded: Nodes, gap_s: float) -> Nodes:
    """The same batch with a second node soon after every fifth, the first included, and one before the
    last."""
    pieces, offsets = [], [0]
    for low, high, motion in zip(recorded.offsets[:-1], recorded.offsets[1:], recorded.motion, strict=True):
        time = recorded.nodes[0, low:high]
        time = np.unique(np.concatenate([time, time[:-1:5] + gap_s, time[-1:] - gap_s]))
        pieces.append(np.concatenate([time[None], *motion(time)]))
        offsets.append(offsets[-1] + time.size)
    return Nodes(
        recorded.center, recorded.epoch, np.concatenate(pieces, axis=1), np.array(offsets), recorded.motion
    )


def edges(recorded: Nodes) -> list[np.ndarray]:
    tables = WindowTables.build(uniform_world(), 0.0, SPAN)
    scene = build_scene(tables, [place()], [], [(Kind.SITE_RELAY, 0, 0)])
    lists = find_chunk(scene, Relays.from_trajectory(recorded, tables), 0, len(recorded))
    return [lists.of(relay, 0)[1] for relay in range(len(recorded))]


def test_pairs_of_close_nodes_do_not_move_edges():
    recorded = kepler_nodes(ORBITS, SPAN)
    expected = edges(recorded)
    assert min(each.size for each in expected) >= 10
    for gap_s in (0.001, 1.0, 20.0):
        found = edges(with_pairs(recorded, gap_s))
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.size == theirs.size
            np.testing.assert_allclose(ours, theirs, atol=1e-4)
