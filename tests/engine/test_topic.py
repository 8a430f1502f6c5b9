"""Topic matching against the recorded matrix, and the trie against the definition."""

import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.rabbitmq.topic import TopicTrie, matches, validate_pattern

MATRIX = json.loads((Path(__file__).parents[1] / "traces" / "topic_match.json").read_text())

words = st.sampled_from(["", "a", "b", "c", "a*", "##", "*", "#"])
patterns = st.lists(st.one_of(words, st.sampled_from(["*", "#"])), max_size=6).map(".".join)
keys = st.lists(words, max_size=6).map(".".join)
destinations = st.sampled_from(["q1", "q2", "q3"])


@pytest.mark.rule("rabbitmq/topic-words")
@pytest.mark.parametrize("pattern", MATRIX["matches"])
def test_the_definition_agrees_with_the_recorded_matrix(pattern: str) -> None:
    assert [key for key in MATRIX["routing_keys"] if matches(pattern, key)] == MATRIX["matches"][pattern]


@pytest.mark.rule("rabbitmq/topic-words")
def test_the_trie_agrees_with_the_recorded_matrix() -> None:
    trie = TopicTrie()
    for pattern in MATRIX["matches"]:
        trie.add(pattern, f"queue of {pattern}")
    for key in MATRIX["routing_keys"]:
        expected = {f"queue of {p}": p for p, arrived in MATRIX["matches"].items() if key in arrived}
        assert list(trie.match(key).items()) == list(expected.items())


@pytest.mark.rule("rabbitmq/topic-words")
@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("#.a", "a", True),
        ("#.a", ".a", True),
        ("a.#.b", "a.b", True),
        ("a.#.b", "a..b", True),
        ("a.#.b", "a.x.y.b", True),
        ("*.*", ".", True),
        ("*.*", ".a", True),
        ("", "", True),
        ("", "a", False),
        ("#", "", True),
        ("#.#", "", True),
        ("*", "", False),
        ("a*", "ab", False),
        ("a*", "a*", True),
        ("##", "a.b", False),
        ("##", "##", True),
        ("A.b", "a.b", False),
        ("stock.#", "stock", True),
        ("*", "*", True),
        ("a.*", "a.#", True),
    ],
)
def test_words_stars_and_hashes(pattern: str, key: str, expected: bool) -> None:
    trie = TopicTrie()
    trie.add(pattern, "q")
    assert matches(pattern, key) is expected
    assert trie.match(key) == ({"q": pattern} if expected else {})


@pytest.mark.rule("rabbitmq/topic-words")
@given(bound=st.lists(st.tuples(patterns, destinations), max_size=25), key=keys)
def test_the_trie_agrees_with_the_definition(bound: list[tuple[str, str]], key: str) -> None:
    trie = TopicTrie()
    for pattern, destination in bound:
        trie.add(pattern, destination)
    assert list(trie.match(key).items()) == by_definition(bound, key)


@given(
    steps=st.lists(st.tuples(st.booleans(), patterns, destinations), max_size=40),
    restored_at=st.integers(0, 40),
    looked_at=st.integers(0, 40),
    key=keys,
)
def test_bindings_come_and_go_across_a_pickle(
    steps: list[tuple[bool, str, str]], restored_at: int, looked_at: int, key: str
) -> None:
    trie = TopicTrie()
    bound: list[tuple[str, str]] = []
    for number, (add, pattern, destination) in enumerate(steps):
        pair = (pattern, destination)
        if number == restored_at:
            trie = pickle.loads(pickle.dumps(trie))
        if number == looked_at:
            trie.match(key)  # from here on the tree is there and is changed in place
        if add:
            assert trie.add(*pair) is (pair not in bound)
            bound += [] if pair in bound else [pair]
        else:
            assert trie.remove(*pair) is (pair in bound)
            bound = [other for other in bound if other != pair]
    assert list(trie.match(key).items()) == by_definition(bound, key)
    assert len(trie) == len(bound)


def by_definition(bound: list[tuple[str, str]], key: str) -> list[tuple[str, str]]:
    """Each destination with the first binding key of it that matches."""
    found: dict[str, str] = {}
    for pattern, destination in bound:
        if matches(pattern, key):
            found.setdefault(destination, pattern)
    return list(found.items())


def test_a_destination_bound_twice_stays_after_one_key_goes() -> None:
    trie = TopicTrie()
    trie.add("order.*", "billing")
    trie.add("order.#", "billing")
    assert trie.match("order.paid") == {"billing": "order.*"}
    trie.remove("order.*", "billing")
    assert trie.match("order.paid") == {"billing": "order.#"}


def test_removing_the_last_binding_leaves_an_empty_tree() -> None:
    trie = TopicTrie()
    trie.match("a")
    pairs = [("a.*.#.b", "q1"), ("a.*", "q2"), ("a", "q1"), ("#", "q1")]
    for pair in pairs:
        trie.add(*pair)
    for pair in pairs:
        trie.remove(*pair)
    root = trie._root
    assert root is not None
    assert (root.words, root.star, root.hash, root.ends) == ({}, None, None, {})


def test_many_hashes_do_not_explode() -> None:
    trie = TopicTrie()
    for tail in ("a", "b", "z"):
        trie.add(".".join(["#", "a"] * 30 + ["#", tail]), tail)
    key = ".".join(["a"] * 120 + ["z"])
    started = time.perf_counter()
    assert list(trie.match(key)) == ["z"]
    assert time.perf_counter() - started < 1.0


@pytest.mark.rule("rabbitmq/topic-hash-limit")
def test_since_4_3_a_third_hash_is_refused() -> None:
    text = "Topic binding key '#.a.#.b.#' uses 3 '#' wildcards, at most 2 are allowed"
    assert validate_pattern("#.a.#.b.#", "4.3") == text
    assert validate_pattern("#.a.#", "4.3") is None
    assert validate_pattern("##.#.###.#a.#", "4.3") is None  # only whole words count
    assert validate_pattern("", "4.3") is None


@pytest.mark.rule("rabbitmq/topic-hash-limit")
@pytest.mark.parametrize("version", ["3.10", "4.0"])
def test_before_4_3_any_number_of_hashes_may_be_bound(version: str) -> None:
    assert validate_pattern("#.#.#.#", version) is None


def test_the_order_does_not_depend_on_the_hash_seed() -> None:
    program = """
from mqlab.engine.brokers.rabbitmq.topic import TopicTrie
trie = TopicTrie()
for number in range(200):
    keys = [f"w{number % 7}.*", f"*.w{number % 5}", "#", f"w{number % 7}.#"]
    trie.add(keys[number % 4], f"queue-{number % 90}")
for key in ("w1.w1", "w3.w2.w1", ""):
    print(list(trie.match(key).items()))
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(outputs) == 1
    assert outputs.pop().count("queue-") > 20
