"""What the report of a study says: the winner, by how much, how sure, and what turns cases away.

Nothing is found out here that a program could not ask `StudyResult` for; this puts it into words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cislunar.errors import InputError
from cislunar.report.wording import listing, number, percent
from cislunar.trades.chunk import FAILED

if TYPE_CHECKING:
    import pandas as pd

    from cislunar.trades.result import StudyResult
    from cislunar.trades.understanding.ranking import Stability

SHORT: Final = 8
"""Characters of an identity that people are shown; the command line takes the beginning of one."""


CLOSE: Final = 0.01
"""Difference of scores that nobody should decide on."""


def figure(value: Any) -> str:
    """Write a value of a table: words as they are, numbers with about four figures."""
    if not isinstance(value, int | float | np.number):
        return str(value)
    size = abs(float(value))
    if not np.isfinite(size):
        return "–"
    if size == round(size) and size < 1e15:
        return number(float(value), 0)
    return number(float(value), 0 if size >= 1000.0 else 1 if size >= 100.0 else 2 if size >= 1.0 else 3)


@dataclass(frozen=True, eq=False)
class Design:
    """A case with a name: a letter for the figures, and what it is best at."""

    letter: str
    name: str
    row: pd.Series


@dataclass(frozen=True, eq=False)
class Story:
    """A finished study, asked everything the report shows."""

    result: StudyResult

    @cached_property
    def table(self) -> pd.DataFrame:
        """All cases, with their number in the table."""
        return self.result.table.assign(number=np.arange(len(self.result.table)))

    @cached_property
    def objectives(self) -> list[str]:
        """Measures that count."""
        return [each.measure for each in self.result.study.objectives]

    @cached_property
    def shown(self) -> list[str]:
        """Measures that figures are about: objectives, then those with a bound, at most four."""
        study = self.result.study
        named = [*self.objectives, *(each.measure for each in study.constraints)]
        named += [] if named else [each.name for each in study.measures]
        found = [name for name in dict.fromkeys(named) if self.table[name].notna().any()]
        return found[:4]

    @cached_property
    def order(self) -> pd.DataFrame:
        """Feasible cases, best first; without objectives as in the table."""
        if self.objectives:
            from cislunar.trades.understanding.ranking import ranked

            return ranked(self.table, self.result.study.objectives)
        return self.table[self.table["feasible"]]

    @cached_property
    def pareto(self) -> pd.DataFrame:
        """Feasible cases that none beats; none without objectives."""
        return self.result.pareto() if self.objectives else self.table.iloc[:0]

    @cached_property
    def stability(self) -> Stability | None:
        """How firm the first place is, where weights matter at all."""
        return self.result.stability() if len(self.objectives) > 1 and len(self.order) else None

    @cached_property
    def sensitivities(self) -> dict[str, pd.DataFrame]:
        """Shares of variance of the shown measures that have any."""
        found = {}
        for name in self.shown:
            try:
                found[name] = self.result.sensitivity(name)
            except InputError:
                continue
        return found

    @cached_property
    def designs(self) -> list[Design]:
        """Cases with names: winner, best in each objective, runner-up; without any, the nearest miss."""
        found: dict[str, list[str]] = {}
        if not len(self.order):
            miss = self.nearest_miss
            return [Design("A", "nearest to meeting all constraints", miss)] if miss is not None else []
        if not self.objectives:
            return []
        good = self.order
        found[good["case"].iloc[0]] = [self.winner]
        if len(self.objectives) > 1:
            for each in self.result.study.objectives:
                values = good[each.measure].to_numpy()
                place = int(values.argmax() if each.maximize else values.argmin())
                found.setdefault(good["case"].iloc[place], []).append(f"best in {self.label(each.measure)}")
        if len(good) > 1:
            found.setdefault(good["case"].iloc[1], []).append("runner-up")
        return [
            Design(chr(65 + place), listing(names), good[good["case"] == case].iloc[0])
            for place, (case, names) in enumerate(found.items())
            if place < 26
        ]

    @property
    def winner(self) -> str:
        """What the best case is called."""
        return "best under the weights" if len(self.objectives) > 1 else "best"

    @cached_property
    def nearest_miss(self) -> pd.Series | None:
        """The flown case that comes closest to meeting all constraints."""
        from cislunar.trades.understanding.screening import nearest_miss

        case = nearest_miss(self.table, self.result.study.constraints)
        return None if case is None else self.table[self.table["case"] == case].iloc[0]

    @property
    def flown(self) -> int:
        """Cases that were flown."""
        return int((self.table["status"] != FAILED).sum())

    def label(self, column: str) -> str:
        """What people call a column."""
        named: list[Any] = [*self.result.study.axes, *self.result.study.measures]
        return next((each.label or each.name for each in named if each.name == column), column)

    def told(self, column: str, value: Any) -> str:
        """A value with its unit."""
        return f"{figure(value)} {self.result.units.get(column, '')}".strip()

    def values(self, row: pd.Series, columns: list[str]) -> str:
        """Several values of a case in words."""
        return ", ".join(f"{self.label(name)} {self.told(name, row[name])}" for name in columns)

    @cached_property
    def axes(self) -> list[str]:
        """Names of the axes."""
        return [axis.name for axis in self.result.study.axes]

    @cached_property
    def headline(self) -> str:
        """The answer in one sentence."""
        cases = f"{number(len(self.table), 0)} cases"
        if not len(self.order):
            told = f"None of {cases} meets all constraints"
            return f"{told}." if self.nearest_miss is None else f"{told}; {self._miss()} comes closest."
        if not self.objectives:
            return f"{number(len(self.order), 0)} of {cases} {self.keeping}; the study states no objective."
        best = self.order.iloc[0]
        return (
            f"Of {cases} the best has {self.values(best, self.objectives)}: {self.values(best, self.axes)}."
        )

    @property
    def keeping(self) -> str:
        """What feasible cases do."""
        return "meet all constraints" if self.result.study.constraints else "have values"

    def _miss(self) -> str:
        assert self.nearest_miss is not None
        asked = list(dict.fromkeys(each.measure for each in self.result.study.constraints))
        return f"case {self.nearest_miss['case'][:SHORT]} ({self.values(self.nearest_miss, asked)})"

    def reasons(self) -> Iterator[tuple[str, str]]:
        """What stands behind the headline: a word and a sentence each."""
        yield "Field", self._field()
        if not len(self.order) or not self.objectives:
            return
        yield "Weights", self._weights()
        yield "Margin", self._margin()
        yield "How sure", self._sure()
        around = self._around()
        if around:
            yield "Around it", around

    def _field(self) -> str:
        failed = len(self.table) - self.flown
        told = f"{number(self.flown, 0)} cases flown"
        left = len(self.result.study) - len(self.table)
        told += f" ({number(left, 0)} are still to be flown)" if left > 0 else ""
        told += f", {number(failed, 0)} could not be flown" if failed else ""
        if self.result.study.constraints:
            told += f"; {number(len(self.order), 0)} meet all constraints"
        if self.objectives:
            unbeaten = f"; {number(len(self.pareto), 0)} of them {'is' if len(self.pareto) == 1 else 'are'}"
            told += f"{unbeaten} beaten by no other in {self._all_objectives()}"
        return f"{told}."

    def _all_objectives(self) -> str:
        count = len(self.objectives)
        many = "both" if count == 2 else f"all {count}"
        return "the objective" if count == 1 else f"{many} objectives together"

    def _weights(self) -> str:
        from cislunar.trades.understanding.ranking import weights_of

        objectives = self.result.study.objectives
        if len(objectives) == 1:
            sense = "largest" if objectives[0].maximize else "smallest"
            return f"One objective, {self.label(objectives[0].measure)}, {sense} is best; no weights."
        shares = weights_of(objectives)
        senses = ["large" if each.maximize else "small" for each in objectives]
        told = listing(
            f"{self.label(each.measure)} ({sense}) {percent(100.0 * share, 0)}"
            for each, sense, share in zip(objectives, senses, shares, strict=True)
        )
        return (
            f"{told}. Each objective is scaled from 0 at its worst to 1 at its best among the "
            f"{number(len(self.order), 0)} ranked cases; the score is the weighted mean."
        )

    def _margin(self) -> str:
        best = self.order.iloc[0]
        ties = int((self.order["score"] == best["score"]).sum())
        if ties > 1:
            return f"{ties} cases are equally good; the first of the table is named."
        if len(self.order) == 1:
            return "It is the only case that can be ranked."
        second = self.order.iloc[1]
        alone = len(self.objectives) == 1
        scores = "T" if alone else f"Score {best['score']:.3f} against {second['score']:.3f}: t"
        return (
            f"{scores}he runner-up, case {second['case'][:SHORT]}, has "
            f"{self.values(second, self.objectives)} with {self._differing(best, second)}. {self._close()}"
        )

    def _close(self) -> str:
        """How crowded the top is."""
        score = self.order["score"].to_numpy()
        close = int((score >= score[0] - CLOSE).sum()) - 1
        what = (
            "the best score" if len(self.objectives) > 1 else "the best on a scale from the worst to the best"
        )
        return f"{number(close, 0)} more {'is' if close == 1 else 'are'} within {CLOSE:g} of {what}."

    def _differing(self, one: pd.Series, other: pd.Series) -> str:
        """Where another case differs, in words."""
        names = [name for name in self.axes if one[name] != other[name]]
        return self.values(other, names)

    def _sure(self) -> str:
        firm = self.stability
        if firm is None:
            return "With one objective there is no weight to doubt; see what is around it."
        told = (
            f"It stays first in {percent(100.0 * firm.near, 0)} of {number(firm.draws, 0)} draws with every "
            f"weight between half and twice its value, and in {percent(100.0 * firm.any, 0)} with any "
            "weights at all."
        )
        if firm.rivals:
            case, share = next(iter(firm.rivals.items()))
            told += f" Its strongest rival then is case {case[:SHORT]} ({percent(100.0 * share, 0)})."
        return told

    def _around(self) -> str:
        from cislunar.trades.understanding.neighbours import neighbours

        near = neighbours(self.result.study, self.table, str(self.order["case"].iloc[0]))
        if not len(near):
            return ""
        good = near[near["feasible"]]
        step = (
            "one step away along an axis" if self.result.study.sampler.method == "grid" else "nearest to it"
        )
        many = f"{len(near)} cases" if len(near) > 1 else "one case"
        told = f"Of the {many} {step} {len(good)} {'meets' if len(good) == 1 else 'meet'} all constraints"
        if not self.result.study.constraints:
            told = f"The {many} {step} {'has' if len(near) == 1 else 'have'} values"
        spans = [
            f"{self.label(name)} {self._span(name, good[name].min(), good[name].max())}"
            for name in self.objectives
            if len(good)
        ]
        return f"{told}{': ' if spans else ''}{listing(spans)}."

    def _span(self, name: str, low: float, high: float) -> str:
        return self.told(name, low) if low == high else f"{figure(low)} to {self.told(name, high)}"
