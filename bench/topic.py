"""Topic matching: what 10,000 bindings cost against 10, and against kombu's own matching.

The load is the issue's: patterns of 3 to 5 words out of 50, 20 % `*`, 5 % `#`. Both sizes match the same
number of queues for each key, so only the search differs: the many bindings are spread over ten queues, and
the ten are one matching binding for each queue that the key reaches among the many (filled up with
strangers to ten). Nothing is remembered between keys on our side; kombu remembers what it compiled, as it
does for its users.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from bench.figure import Figure
from mqlab.engine.brokers.rabbitmq.topic import TopicTrie

WORDS = [f"word{number}" for number in range(50)]
MANY, FEW, QUEUES = 10_000, 10, 10
KEYS, KOMBU_KEYS, REPETITIONS = 200, 20, 7


def figures() -> list[Figure]:
    """Cold match at both sizes, ours and kombu's in turn; medians of the repetitions."""
    chance = random.Random(4711)
    many = [(_pattern(chance), f"queue-{number % QUEUES}") for number in range(MANY)]
    keys = [".".join(chance.choices(WORDS, k=chance.randint(3, 5))) for _ in range(KEYS)]
    large = _trie(many)
    small = [_trie(_ten_that_match_as_many(chance, many, large.match(key))) for key in keys]
    for key, trie in zip(keys, small, strict=True):
        assert len(trie.match(key)) == len(large.match(key)), "both sizes match as many queues"
    theirs = _kombu(many)
    ratios, factors = [], []
    for _ in range(REPETITIONS):
        large_us = _each_us(lambda: [large.match(key) for key in keys], KEYS)
        small_us = _each_us(lambda: [trie.match(key) for key, trie in zip(keys, small, strict=True)], KEYS)
        kombu_us = _each_us(lambda: [theirs(key) for key in keys[:KOMBU_KEYS]], KOMBU_KEYS)
        ratios.append(large_us / small_us)
        factors.append(kombu_us / large_us)
    queues = statistics.mean(len(large.match(key)) for key in keys)
    at = f"{large_us:.1f} µs against {small_us:.1f} µs, {queues:.1f} queues matched in both"
    return [
        Figure(
            "cold topic match, 10,000 bindings against 10", statistics.median(ratios), "×", 25, 10, note=at
        ),
        Figure(
            "cold topic match, faster than kombu, 10,000 bindings",
            statistics.median(factors),
            "×",
            30,
            100,
            "higher",
            f"kombu {kombu_us:.0f} µs a key",
        ),
    ]


def _pattern(chance: random.Random) -> str:
    kinds = chance.choices(["word", "*", "#"], [75, 20, 5], k=chance.randint(3, 5))
    return ".".join(chance.choice(WORDS) if kind == "word" else kind for kind in kinds)


def _trie(bindings: list[tuple[str, str]]) -> TopicTrie:
    trie = TopicTrie()
    for pattern, queue in bindings:
        trie.add(pattern, queue)
    trie.match("")  # the tree grows on first use
    return trie


def _ten_that_match_as_many(
    chance: random.Random, many: list[tuple[str, str]], reached: dict[str, str]
) -> list[tuple[str, str]]:
    ten = [(pattern, queue) for queue, pattern in reached.items()]
    strangers = [f"other-{number}" for number in range(FEW - len(ten))]
    return ten + [(f"nobody.{chance.choice(many)[0]}", queue) for queue in strangers]


def _kombu(bindings: list[tuple[str, str]]) -> Callable[[str], object]:
    """kombu's lookup over the same bindings: its memory transport, declared as a user declares them."""
    from kombu import Connection, Exchange, Queue

    channel = Connection("memory://").channel()
    exchange = Exchange("topics", type="topic")(channel)
    exchange.declare()
    queues = {name: Queue(name, exchange)(channel) for _, name in bindings}
    for queue in queues.values():
        queue.queue_declare()
    for pattern, name in bindings:
        queues[name].bind_to(exchange, routing_key=pattern)
    return lambda key: channel._lookup("topics", key)


def _each_us(work: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / times * 1e6
