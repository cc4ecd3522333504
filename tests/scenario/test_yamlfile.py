"""The YAML reader: places, scalars by the core schema of YAML 1.2 (yaml.org/spec/1.2.2, 10.3), limits."""

from __future__ import annotations

import math
import time

import pytest

from cislunar.errors import ScenarioError
from cislunar.scenario import yamlfile
from cislunar.scenario.yamlfile import Mapping, Scalar, Sequence


def read(text: str | bytes) -> yamlfile.Node:
    root, problems = yamlfile.read(text.encode() if isinstance(text, str) else text, "f")
    assert problems == []
    return root


def refusal(text: str | bytes) -> str:
    with pytest.raises(ScenarioError) as caught:
        yamlfile.read(text.encode() if isinstance(text, str) else text, "f")
    assert len(caught.value.problems) == 1
    return str(caught.value)


def test_every_value_knows_its_line_and_column() -> None:
    root = read("a: 1\nb:\n  - x\n  - {c: two words}\n")
    assert isinstance(root, Mapping)
    items = root.entries["b"]
    assert isinstance(items, Sequence)
    inner = items.items[1]
    assert isinstance(inner, Mapping)
    assert (inner.keys["c"].line, inner.keys["c"].column) == (4, 6)
    assert (inner.entries["c"].line, inner.entries["c"].column) == (4, 9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("0.6", 0.6),
        ("1e-10", 1e-10),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("yes", "yes"),
        ("on", "on"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("'12'", "12"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    root = read(f"a: {text}")
    assert isinstance(root, Mapping)
    node = root.entries["a"]
    assert isinstance(node, Scalar)
    assert node.value == value
    assert type(node.value) is type(value)


def test_nan_is_a_number() -> None:
    node = Scalar(1, 1, ".nan")
    assert isinstance(node.value, float)
    assert math.isnan(node.value)


def test_aliases_share_a_node() -> None:
    root = read("a: &x {b: 1}\nc: *x")
    assert isinstance(root, Mapping)
    assert root.entries["a"] is root.entries["c"]


def test_ten_megabytes_of_nesting_are_refused_by_size() -> None:
    assert (
        refusal(b"[" * 10_000_000)
        == "f:1:1  the file is larger than 256 KiB; expected a scenario of a few KiB"
    )


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "{a: ", "[[", "- [", "[? "])
def test_deep_nesting_is_refused_before_parsing(opening: str) -> None:
    begun = time.perf_counter()
    said = refusal(opening * (250_000 // len(opening)))
    assert "nested deeper than 64 levels; the file is not read" in said
    assert time.perf_counter() - begun < 20.0  # a scan that is quadratic in the size takes minutes


def test_indented_nesting_is_refused() -> None:
    text = "".join(" " * depth + "a:\n" for depth in range(100))
    assert refusal(text) == "f:65:65  nested deeper than 64 levels; the file is not read"


def test_nesting_to_the_limit_is_read() -> None:
    read("[" * 64 + "]" * 64)
    assert "deeper than 64" in refusal("[" * 65 + "]" * 65)


def test_alias_expansion_is_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 20)]
    assert "more than 20000 values after expanding aliases" in refusal("\n".join(lines))


def test_aliases_cannot_go_round_or_deeper() -> None:
    assert refusal("a: &x [*x]") == "f:1:8  the alias '*x' contains itself"
    assert refusal("a: *x") == "f:1:4  the alias '*x' has no anchor before it"
    deep = "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*a" + "]" * 40
    assert "aliases nest deeper than 64 levels" in refusal(deep)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "f:1:1  the file is empty; expected a scenario; 'cislunar new FILE' writes one to start from"),
        ("# nothing but a comment\n", "f:1:1  the file is empty"),
        ("---\n...\n", "f:1:1  the file is empty"),
        ("a:\n\tb: 1", "f:2:1  a tab in the indentation; expected spaces"),
        (
            "a:\n  b: 1\n  \tc: 1\n\td: 1",
            "f:3:3  a tab in the indentation (and in 1 more lines); expected spaces",
        ),
        ("a:\tb", "write spaces, not tabs"),
        ("a: 1\n---\nb: 2", "f:2:1  a second document starts here; expected one scenario in a file"),
        ("%YAML 1.1\n---\na: 1", "f:2:1  expected YAML 1.2"),
        ("a: [1, 2", "f:1:9  not valid YAML"),
        ("a: 'open", "not valid YAML"),
        ("a: b: c", "f:1:5  not valid YAML: mapping values are not allowed here; check the indentation"),
        ('a: "\\UFFFFFFFF"', "not valid YAML"),
        ('a: "\\ud800"', "half a surrogate pair is not a character"),
    ],
)
def test_what_is_not_a_scenario_gets_one_message(text: str, said: str) -> None:
    assert said in refusal(text)


def test_bytes_that_are_not_utf8_are_named_with_their_place() -> None:
    assert refusal(b"a: 1\nb: \xff\n") == "f:2:4  byte 0xff is not UTF-8; save the file as UTF-8 text"
    assert "not UTF-8" in refusal("a: 1".encode("utf-16"))
    assert refusal(b"a: \x00") == "f:1:4  character U+0000 is not allowed in YAML text"


def test_a_byte_order_mark_is_skipped() -> None:
    root = read(b"\xef\xbb\xbfa: 1")
    assert isinstance(root, Mapping)
    assert list(root.entries) == ["a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "f:3:1  the key 'a' is given twice; it stands first in line 1"),
        (
            "a: !!python/object/apply:os.system [ls]",
            "f:1:4  the YAML tag '!!python/object/apply:os.system' is not allowed; write the value",
        ),
        ("a: !!str 1", "the YAML tag '!!str' is not allowed"),
        ("a: !local {b: 1}", "the YAML tag '!local' is not allowed"),
        ("? [a]\n: b", "f:1:3  a key is a list; expected a word"),
    ],
)
def test_mistakes_that_leave_the_rest_readable(text: str, said: str) -> None:
    root, problems = yamlfile.read(text.encode(), "f")
    assert isinstance(root, Mapping)
    assert len(problems) == 1
    assert said in str(problems[0])


def test_messages_hold_nothing_a_terminal_acts_on() -> None:
    _, problems = yamlfile.read(b'"\\e[31m": 1\n"\\e[31m": 2', "f")
    assert "\x1b" not in str(problems[0])
    assert "'\\x1b[31m'" in str(problems[0])
