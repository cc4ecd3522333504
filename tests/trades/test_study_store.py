"""The store: read by others, continued after anything, never mixed.

The files are read back by pandas, Polars and DuckDB, which share no code with the writer but Parquet itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pandas as pd
import polars
import pytest
from small_studies import STUDY, both, make, write

from cislunar.errors import OutputError
from cislunar.trades import Study
from cislunar.trades.store import open_store

AXES = {"tilt": {"path": both("inclination"), "from": "40 deg", "to": "60 deg", "count": 11}}

RUN = """
import sys, time
import cislunar.trades.planning as planning
import cislunar.trades.running as running
from cislunar.trades import Study

planning.relays_at_once = lambda setting, measures: 4  # two cases in a chunk
table_of = running.table_of
def slowly(*given):
    time.sleep(float(sys.argv[3]))
    return table_of(*given)
running.table_of = slowly
Study.load(sys.argv[1]).run(sys.argv[2], threads=1)
"""


def parts(out: Path) -> list[Path]:
    return sorted(out.glob("results/*/part-*.parquet"))


def start(study: Path, out: Path, slow_s: float, **more: object) -> subprocess.Popen:
    """Start a study in a process of its own, two cases at a time."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(study), str(out), str(slow_s)],
        stderr=subprocess.PIPE,
        text=True,
        **more,  # type: ignore[call-overload]
    )


def sorted_rows(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values("case", ignore_index=True)


def test_pandas_polars_and_duckdb_read_it(tmp_path: Path) -> None:
    study = Study.load(write(tmp_path))
    rows = sorted_rows(study.run(tmp_path / "out").rows)
    told = json.loads((tmp_path / "out" / "study.json").read_text())
    assert told["schema"] == "cislunar-study/1"
    assert told["measures"]["gap"]["unit"] == "h"
    assert told["axes"]["size"]["unit"] == "km"
    assert told["provenance"]["scenario"]["sha256"] == study.base.sha256
    folder = tmp_path / "out" / told["results"]
    by_pandas = sorted_rows(pd.concat([pd.read_parquet(file) for file in folder.glob("*.parquet")]))
    pattern = f"{folder}/*.parquet"
    by_polars = polars.read_parquet(pattern).sort("case")
    by_duckdb = duckdb.sql(f"select * from read_parquet('{pattern}') order by \"case\"").fetchall()
    assert by_pandas.equals(rows)
    assert by_polars.rows() == list(rows.itertuples(index=False, name=None))
    assert by_duckdb == list(rows.itertuples(index=False, name=None))
    best = duckdb.sql(
        f"select tilt, max(coverage) from read_parquet('{pattern}') group by tilt order by tilt"
    )
    assert [row[0] for row in best.fetchall()] == [45.0, 51.7]


def test_a_killed_study_goes_on_where_it_was(tmp_path: Path) -> None:
    file, out = write(tmp_path), tmp_path / "out"
    process = start(file, out, 0.25)
    while len(parts(out)) < 2 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    held = parts(out)
    assert 2 <= len(held) < 4
    (held[0].parent / ".partial-left").write_bytes(b"half a file")
    study = Study.load(file)
    continued = study.run(out)
    assert continued.costs.cases == 8 - 2 * len(held)
    assert not list(out.glob("**/.partial-*"))
    assert sorted_rows(continued.rows).equals(sorted_rows(study.run().rows))
    assert study.run(out).costs.cases == 0


def test_a_wider_axis_flies_only_the_new_cases(tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(AXES).run(out)
    wide = {"tilt": {**AXES["tilt"], "to": "64 deg", "count": 13}}
    result = make(wide).run(out)
    assert result.costs.cases == 2
    assert result.rows.equals(make(wide).run().rows)
    more = make(AXES).run(out)
    assert more.costs.cases == 0
    assert len(more.rows) == 11


def test_another_choice_flies_only_the_new_cases(tmp_path: Path) -> None:
    blocks = {
        "low": {"spacecraft.alpine.orbit.raan": "20 deg"},
        "high": {"spacecraft.alpine.orbit.raan": "90 deg"},
    }
    make({"node": {"choices": blocks}}).run(tmp_path / "out")
    wide = {"node": {"choices": {**blocks, "far": {"spacecraft.alpine.orbit.raan": "200 deg"}}}}
    result = make(wide).run(tmp_path / "out")
    assert result.costs.cases == 1
    assert result.rows.equals(make(wide).run().rows)


def test_other_physics_are_another_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = make(AXES).run(out)
    other = make(AXES, changes={"physics.degree": 4}).run(out)
    assert other.costs.cases == 11
    assert len({file.parent for file in parts(out)}) == 2
    assert (first.rows["gap"] != other.rows["gap"]).all()
    for folder in {file.parent for file in parts(out)}:
        rows = pd.concat([pd.read_parquet(file) for file in folder.glob("*.parquet")])
        assert len(rows) == 11
    assert make(AXES).run(out).rows.equals(first.rows)


def test_the_second_writer_is_refused(tmp_path: Path) -> None:
    study = make(AXES)
    with open_store(tmp_path / "out", study):
        with pytest.raises(OutputError) as caught:
            study.run(tmp_path / "out")
        assert str(caught.value) == (
            f"{tmp_path / 'out'}: another study (process {os.getpid()}) is writing to this store; wait for "
            "it, or choose another folder with --out"
        )
    assert study.run(tmp_path / "out").costs.cases == 11


def test_the_lock_of_a_dead_process_is_no_lock(tmp_path: Path) -> None:
    file, out = write(tmp_path), tmp_path / "out"
    process = start(file, out, 5.0)
    while not (out / "lock").exists() or not (out / "lock").read_text():
        time.sleep(0.01)
    with pytest.raises(OutputError, match=f"another study .process {process.pid}. is writing"):
        Study.load(file).run(out)
    process.kill()
    process.wait()
    assert len(Study.load(file).run(out).rows) == 8


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            '{"schema": "cislunar-study/2"}',
            "{out}: the store has version 2; this cislunar writes version 1; use the newer cislunar, or "
            "choose another folder with --out",
        ),
        ("{}", "{out}/study.json: not a description of a study; choose another folder with --out"),
    ],
)
def test_a_store_that_is_not_ours_to_write(tmp_path: Path, content: str, said: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "study.json").write_text(content)
    with pytest.raises(OutputError) as caught:
        make(AXES).run(out)
    assert str(caught.value) == said.format(out=out)
    assert sorted(path.name for path in out.iterdir()) == ["study.json"]


def test_places_that_are_no_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(
        OutputError, match=r"this is no store of a study \(it holds thesis\.tex and no study\.json\)"
    ):
        make(AXES).run(tmp_path)
    with pytest.raises(OutputError, match="this is a file; expected a folder"):
        make(AXES).run(tmp_path / "thesis.tex")


def test_no_space_left_keeps_what_is_finished(tmp_path: Path) -> None:
    """A limit on the size of files makes the system refuse to write, as a full disk does."""
    file, out = write(tmp_path), tmp_path / "out"
    study = Study.load(file)
    short = STUDY.replace("to: 6400 km", "to: 6000 km")
    file.write_text(short)
    Study.load(file).run(out)
    held = {path: path.read_bytes() for path in parts(out)}
    file.write_text(STUDY)
    limit = max(path.stat().st_size for path in (out / "study.json", *out.glob("results/*/study.json"))) + 200
    limited = RUN.replace(
        "Study.load(",
        f"import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\nStudy.load(",
        1,
    )
    ended = subprocess.run(
        [sys.executable, "-c", limited, str(file), str(out), "0"], capture_output=True, text=True, check=False
    )
    assert (
        f"{out}: no space left for results (File too large); what is finished is safe; make space"
        in ended.stderr
    )
    assert {path: path.read_bytes() for path in parts(out)} == held
    assert not list(out.glob("**/.partial-*"))
    result = study.run(out)
    assert result.costs.cases == 4
    assert sorted_rows(result.rows).equals(sorted_rows(study.run().rows))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    study = make(AXES)
    whole = study.run(out).rows
    part = parts(out)[0]
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(
        OutputError, match=f"{part}: this file of the store is damaged .*delete it, and its cases"
    ):
        study.run(out)
    part.unlink()
    assert study.run(out).rows.equals(whole)


def test_table_and_cube_carry_units(tmp_path: Path) -> None:
    result = Study.load(write(tmp_path)).run()
    assert result.table.attrs["units"] == {"size": "km", "tilt": "deg", "coverage": "%", "gap": "h"}
    assert result.table["feasible"].tolist() == (result.table["coverage"] >= 60.0).tolist()
    cube = result.cube
    assert cube["coverage"].dims == ("size", "tilt")
    assert cube["coverage"].attrs["units"] == "%"
    row = result.table.iloc[3]
    assert float(cube["coverage"].sel(size=row["size"], tilt=row["tilt"])) == row["coverage"]
