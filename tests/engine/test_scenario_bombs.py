"""Texts that want to take the reader's time, memory or stack: each is answered, soon and clearly."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mqlab.engine import limits
from mqlab.engine.scenario import ScenarioError, load
from tests.engine.scenario_text import TEXT, spoiled

ANSWER_S_MAX = 8.0
"""Generous: the machine may be busy. What these tests are against takes minutes, or never ends."""


def refused(text: str) -> str:
    began = time.process_time()
    with pytest.raises(ScenarioError) as caught:
        load(text, "bomb.yaml")
    assert time.process_time() - began < ANSWER_S_MAX
    said = str(caught.value)
    assert len(said) < 1_000
    assert "\n" not in said
    return said


def filled(piece: Callable[[int], str], before: str = "", after: str = "") -> str:
    """Just under the limit of size, full of pieces."""
    parts, size = [before], len(before) + len(after)
    n = 0
    while size + len(piece(n)) <= limits.SCENARIO_BYTES_MAX:
        parts.append(piece(n))
        size += len(piece(n))
        n += 1
    return "".join([*parts, after])


def test_a_megabyte_is_refused_by_its_size_alone() -> None:
    assert (
        refused("a" * 1_000_000)
        == "bomb.yaml, line 1, column 1: expected at most 262,144 bytes, got 1,000,000."
    )


def test_size_is_counted_in_bytes_not_in_characters() -> None:
    assert "expected at most 262,144 bytes" in refused("é" * (limits.SCENARIO_BYTES_MAX // 2 + 1))


def test_ten_thousand_nodes_are_refused() -> None:
    queues = "".join(f"\n      q{n}: {{}}" for n in range(10_000))
    said = refused(spoiled("\n      graveyard: {durable: true}", queues))
    assert (
        said
        == "bomb.yaml, line 13, column 7: brokers.rabbit.queues: expected at most 200 entries, got 10,001."
    )


def test_thousands_of_programs_are_refused() -> None:
    programs = "".join(f"\n  c{n}: {{kind: consumer, broker: rabbit, queue: billing}}" for n in range(4_000))
    said = refused(spoiled("\n  web:\n", f"{programs}\n  web:\n"))
    assert said == "bomb.yaml, line 19, column 3: programs: expected at most 200 entries, got 4,002."


def test_many_programs_with_many_replicas_are_refused() -> None:
    programs = "".join(
        f"\n  c{n}: {{kind: consumer, broker: rabbit, queue: billing, replicas: 100}}" for n in range(100)
    )
    assert "expected at most 200 nodes" in refused(spoiled("\n  web:\n", f"{programs}\n  web:\n"))


def test_a_rate_of_a_million_is_refused() -> None:
    assert "expected a number from 0 to 1,000, got the number 1000000" in refused(
        spoiled("poisson: 4", "poisson: 1000000")
    )
    assert "got the number 1e6" in refused(spoiled("poisson: 4", "constant: 1e6"))


def test_a_billion_laughs_end_at_the_first() -> None:
    laughs = "a: &a [lol, lol]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\n"
    assert (
        refused(laughs)
        == "bomb.yaml, line 1, column 4: expected a value, got the anchor &a (write the value out)."
    )


@pytest.mark.parametrize("open_", ["[", "{a: ", "- ", "[{a: "])
def test_deep_nesting_is_refused_at_its_seventeenth_level(open_: str) -> None:
    assert "expected at most 16 levels of nesting, got a deeper one" in refused(open_ * 50_000)


def test_a_field_whose_name_is_a_list_or_fields_is_refused() -> None:
    assert "expected a field's name, got a list or fields" in refused("? " * 50_000)


def test_deep_blocks_are_refused() -> None:
    text = "".join(f"{' ' * n}a:\n" for n in range(500))
    assert "expected at most 16 levels of nesting" in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        filled(lambda n: "a,", "[", "]"),
        filled(lambda n: f"k{n}: 1\n"),
        filled(lambda n: "- a\n"),
        filled(lambda n: "x"),
        filled(lambda n: "\n"),
        filled(lambda n: "#\n"),
        filled(lambda n: ":"),
        filled(lambda n: "a: "),
        filled(lambda n: "'"),
        filled(lambda n: '"\\n', '"', '"'),
        filled(lambda n: "9", "a: "),
        filled(lambda n: " \n", "a: |\n"),
        filled(lambda n: "%x\n"),
        filled(lambda n: "---\n"),
        filled(lambda n: "\t"),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_a_full_file_of_anything_is_answered_soon(text: str) -> None:
    assert len(text) > limits.SCENARIO_BYTES_MAX - 10
    assert refused(text).startswith("bomb.yaml")


def test_a_file_full_of_bindings_is_read() -> None:
    before = "{format: 1, title: t, brokers: {r: {kind: rabbitmq, exchanges: {o: {type: fanout}}, queues: {q: {}}, "
    text = filled(lambda n: "{source: o, destination: q},", f"{before}bindings: [", "]}}}")
    assert len(load(text).brokers["r"].bindings) > 9_000


@pytest.mark.parametrize(
    "hostile", ["<img src=x onerror=alert(1)>", "\u202egnp.exe", "<svg/onload=alert(1)>", "\u2066\U0001f4a3"]
)
def test_hostile_text_is_kept_as_text_and_never_garbles_a_message(hostile: str) -> None:
    assert load(spoiled("title: Two workers", f"title: '{hostile}'")).title == hostile
    said = refused(spoiled("type: topic", f"type: '{hostile}'"))
    assert "\u202e" not in said
    assert "\u2066" not in said


def test_a_name_with_control_characters_is_refused() -> None:
    assert "expected a name without control characters" in refused(
        spoiled("graveyard: {", '"grave\\nyard": {')
    )


def test_a_body_has_at_most_16_kb_when_it_is_filled_in() -> None:
    assert "expected text of at most 16,384 bytes" in refused(spoiled("'n {n}'", "x" * 16_385))
    assert "with its placeholders filled in" in refused(spoiled("'n {n}'", f"'{'{n}' * 5_000}'"))


def test_the_same_text_gives_the_same_scenario() -> None:
    assert load(TEXT) == load(TEXT)
