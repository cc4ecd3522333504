"""Interval algebra and statistics against a boolean grid and numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cislunar.coverage.intervals import (
    Intervals,
    at_least,
    daily,
    intersection,
    lengths,
    nfold_percent,
    statistics,
    union,
)
from cislunar.errors import InputError

SPAN = (0.0, 100.0)
GRID = np.arange(0.5, 100.0, 1.0)


@st.composite
def interval_sets(draw):
    """Intervals with whole-number ends, so that a grid of half-integers decides everything."""
    marks = sorted(draw(st.sets(st.integers(0, 100), max_size=20)))
    marks = marks[: len(marks) // 2 * 2]
    return Intervals.make(marks[0::2], marks[1::2], SPAN)


def on_grid(held):
    return held.contains(GRID)


@settings(max_examples=200, deadline=None)
@given(st.lists(interval_sets(), min_size=1, max_size=5), st.integers(1, 5))
def test_n_fold_overlap_agrees_with_a_grid(sets, count):
    combined = at_least(sets, count)
    assert np.array_equal(on_grid(combined), sum(on_grid(held).astype(int) for held in sets) >= count)
    # The result is a proper set of intervals: sorted, disjoint, not empty, not touching.
    Intervals.make(combined.start, combined.end, SPAN)


@settings(max_examples=200, deadline=None)
@given(interval_sets(), interval_sets())
def test_de_morgan_and_complement(a, b):
    left = union([a, b]).complement()
    right = intersection([a.complement(), b.complement()])
    assert np.array_equal(left.start, right.start)
    assert np.array_equal(left.end, right.end)
    assert np.array_equal(on_grid(a.complement()), ~on_grid(a))
    total = np.sum(a.duration_s) + np.sum(a.complement().duration_s)
    assert total == pytest.approx(100.0, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(interval_sets(), st.integers(0, 50), st.integers(51, 100))
def test_clip_keeps_what_lies_inside(held, first, last):
    clipped = held.clip(float(first), float(last))
    inside = (first < GRID) & (last > GRID)
    assert np.array_equal(clipped.contains(GRID) & inside, on_grid(held) & inside)
    assert clipped.span == (first, last)


@settings(max_examples=100, deadline=None)
@given(interval_sets(), st.integers(-3, 3))
def test_days_add_up_to_the_whole(held, shift):
    """Days of 86,400 s over a span of 100 units of 8,640 s."""
    unit = 8640.0
    scaled = Intervals(held.start * unit, held.end * unit, (0.0, 100.0 * unit))
    days = daily(scaled, shift * unit)
    assert np.sum(days["seen_s"]) == pytest.approx(100.0 * unit)
    held_s = np.sum(days["percent"] * days["seen_s"]) / 100.0
    assert held_s == pytest.approx(np.sum(scaled.duration_s), abs=1e-6)
    assert np.sum(days["passes"]) == len(held)
    longest = np.max(scaled.complement().duration_s, initial=0.0)
    assert np.max(days["longest_gap_s"]) <= longest + 1e-6
    assert np.max(days["longest_gap_s"]) == pytest.approx(min(longest, 86400.0), rel=0.5)


def test_statistics_by_hand():
    held = Intervals.make([0.0, 30.0, 60.0], [10.0, 40.0, 90.0], SPAN)
    found = statistics(held)
    assert found["percent"] == 50.0
    assert (found["passes"], found["passes_cut"]) == (3, 1)
    assert (found["gaps"], found["gaps_cut"]) == (3, 1)
    assert found["gap_s"] == {"mean": 50.0 / 3.0, "median": 20.0, "p95": 20.0, "max": 20.0}
    # 95 % by linear interpolation of 10, 10, 30: 10 + 0.9 * 20.
    assert found["pass_s"] == {"mean": 50.0 / 3.0, "median": 10.0, "p95": pytest.approx(28.0), "max": 30.0}
    # A request waits half a gap on average if it falls in one: (20^2 + 20^2 + 10^2) / (2 * 100).
    assert found["mean_response_s"] == pytest.approx(4.5)


def test_cut_intervals_count_with_the_length_seen_and_are_flagged():
    held = Intervals.make([0.0, 95.0], [20.0, 100.0], SPAN)
    assert held.start_cut.tolist() == [True, False]
    assert held.end_cut.tolist() == [False, True]
    assert held.duration_s.tolist() == [20.0, 5.0]
    assert statistics(held)["passes_cut"] == 2


def test_a_short_pass_splits_a_gap_only_if_it_is_useful():
    held = Intervals.make([0.0, 50.0, 95.0], [5.0, 50.5, 100.0], SPAN)
    assert statistics(held)["gap_s"]["max"] == 45.0
    assert statistics(held, minimum_pass_s=1.0)["gap_s"]["max"] == 90.0
    assert statistics(held, minimum_pass_s=1.0)["passes"] == 2


def test_nothing_and_everything():
    nothing, everything = statistics(Intervals.never(SPAN)), statistics(Intervals.always(SPAN))
    assert (nothing["percent"], nothing["gap_s"]["max"], nothing["mean_response_s"]) == (0.0, 100.0, 50.0)
    assert (everything["percent"], everything["gaps"], everything["gap_s"]["max"]) == (100.0, 0, 0.0)
    assert lengths(np.zeros(0))["p95"] == 0.0
    assert nfold_percent([Intervals.always(SPAN), Intervals.never(SPAN)]) == {"1": 100.0, "2": 0.0}


def test_intervals_that_touch_are_one_and_touching_is_not_overlap():
    a, b = Intervals.make([0.0], [50.0], SPAN), Intervals.make([50.0], [100.0], SPAN)
    assert len(union([a, b])) == 1
    assert len(intersection([a, b])) == 0


def test_from_edges():
    held = Intervals.from_edges(True, np.array([10.0, 20.0]), SPAN)
    assert held.start.tolist() == [0.0, 20.0]
    assert held.end.tolist() == [10.0, 100.0]


def test_a_near_tangency_survives_where_it_could_change_the_answer():
    a = Intervals.make([0.0], [100.0], SPAN, tangents=[30.0])
    b = Intervals.make([20.0], [40.0], SPAN)
    assert union([a, b]).tangents.size == 0  # b covers the doubtful moment
    assert intersection([a, b]).tangents.tolist() == [30.0]
    assert intersection([a, b.complement()]).tangents.size == 0
    assert union([a]).tangents.tolist() == [30.0]
    assert union([a]).near_tangent.tolist() == [True]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ([1.0], []),
        ([5.0], [5.0]),
        ([1.0, 2.0], [3.0, 4.0]),
        ([-1.0], [4.0]),
        ([90.0], [101.0]),
        ([np.nan], [2.0]),
    ],
)
def test_what_is_no_set_of_intervals_is_refused(start, end):
    with pytest.raises(InputError, match=r"intervals must be|starts and ends"):
        Intervals.make(start, end, SPAN)


def test_sets_of_different_spans_are_refused():
    with pytest.raises(InputError, match="different spans"):
        union([Intervals.always(SPAN), Intervals.always((0.0, 50.0))])
