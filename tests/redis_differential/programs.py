"""Random programs: commands of several clients, right and wrong, over a few channels, streams and groups."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Step = dict[str, Any]
Words = list[Any]

CHANNELS = ("a", "ab", "b", "news.a", "news.b", "", "c]", "A")
PATTERNS = (
    "[!a]*",
    "[c-a]*",
    "*",
    "a*",
    "?",
    "[ab]",
    "news.*",
    "[^a]*",
    "*a",
    "a\\*",
    "[a-c]",
    "",
    "**",
    "c]",
    "[c",
    "ne?s.[a-b]",
)
KEYS = ("s", "t", "s", "s", "string", "none")
GROUPS = ("g", "h", "g", "g", "nowhere")
CONSUMERS = ("one", "two", "three")
IDS = ("0", "1", "1-1", "1-2", "2-0", "2-1", "3", "3-3", "5-5", "9-0", "0-0", "0-1")
CLIENTS = ("A", "B", "C", "D")
STEPS = (8, 60)


def program(seed: int) -> list[Step]:
    """The program of this seed: pub/sub, streams, or both with transactions."""
    chance = random.Random(seed)
    kind = chance.choice(["pubsub", "streams", "streams", "both"])
    maker = Maker(chance)
    steps: list[Step] = []
    if kind == "streams":
        steps += maker.beginning()
    for _ in range(chance.randint(*STEPS)):
        steps.append(maker.step(kind))
    return steps


class Maker:
    """Makes steps. Ids of streams mostly grow, and mostly exist."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.top = 0
        self.resp3: set[str] = set()

    def beginning(self) -> list[Step]:
        """A few entries and a group."""
        steps = [
            self._by(["XADD", "s", self.id(new=True), "k", "v"]) for _ in range(self.chance.randint(0, 6))
        ]
        return [*steps, self._by(["XGROUP", "CREATE", "s", "g", self.any_id(), "MKSTREAM"])]

    def _by(self, words: Words) -> Step:
        return {"client": self.chance.choice(CLIENTS), "cmd": words}

    def step(self, kind: str) -> Step:
        """One step."""
        chance = self.chance
        roll = chance.random()
        if roll < 0.02:
            return {"client": chance.choice(CLIENTS), "cmd": ["@close"]}
        if kind != "pubsub" and roll < 0.04:
            return {"cmd": ["@sleep", 60]}
        makers: list[Callable[[], Words]] = []
        if kind in ("pubsub", "both"):
            makers += (
                [self.subscription] * 6 + [self.publish] * 6 + [self.pubsub_query] * 2 + [self.connection] * 2
            )
        if kind in ("streams", "both"):
            makers += (
                [self.add] * 6 + [self.read] * 3 + [self.read_group] * 7 + [self.ack] * 3 + [self.group] * 3
            )
            makers += (
                [self.claim] * 4 + [self.range] * 2 + [self.shorten] * 2 + [self.info] * 2 + [self.plain] * 1
            )
        if kind == "both":
            makers += [self.transaction] * 4
        words = chance.choice(makers)()
        if kind == "both" and words == ["RESET"]:
            words = ["PING"]  # it would go on in database 0, which is somebody else's
        elif kind == "both" and len(words) == 1 and words[0].endswith("UNSUBSCRIBE"):
            words = [*words, "a"]  # in which order all are left is free, and inside EXEC nobody can tell
        if chance.random() < 0.02:
            words = [*words, "extra"]
        elif chance.random() < 0.02 and len(words) > 1:
            words = words[:-1]
        return self._by(words)

    # --- pub/sub -------------------------------------------------------------------------------------------------

    def some(self, among: tuple[str, ...], most: int = 3) -> Words:
        """Some of these."""
        return [self.chance.choice(among) for _ in range(self.chance.randint(1, most))]

    def subscription(self) -> Words:
        """(P|S)(UN)SUBSCRIBE."""
        verb = self.chance.choice(
            ["SUBSCRIBE"] * 3
            + ["PSUBSCRIBE"] * 3
            + ["SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]
        )
        if verb.endswith("UNSUBSCRIBE") and self.chance.random() < 0.3:
            return [verb]
        return [
            verb,
            *self.some(
                PATTERNS if verb[0] == "P" else CHANNELS,
                1 if verb[0] == "S" and verb[1] in "SU" and verb != "SUBSCRIBE" else 3,
            ),
        ]

    def publish(self) -> Words:
        """PUBLISH or SPUBLISH."""
        verb = self.chance.choice(["PUBLISH"] * 5 + ["SPUBLISH"])
        return [verb, self.chance.choice(CHANNELS), self.chance.choice(["hello", "", "x" * 70, "ü"])]

    def pubsub_query(self) -> Words:
        """PUBSUB …"""
        return self.chance.choice(
            [
                ["PUBSUB", "CHANNELS"],
                ["PUBSUB", "CHANNELS", self.chance.choice(PATTERNS)],
                ["PUBSUB", "NUMSUB", *self.some(CHANNELS)],
                ["PUBSUB", "NUMSUB"],
                ["PUBSUB", "NUMPAT"],
                ["PUBSUB", "SHARDCHANNELS"],
                ["PUBSUB", "SHARDNUMSUB", *self.some(CHANNELS)],
                ["PUBSUB", "NOTHING"],
            ]
        )

    def connection(self) -> Words:
        """What is about the connection."""
        return self.chance.choice(
            [
                ["PING"], ["PING", "hello"], ["HELLO", 3], ["HELLO", 2], ["HELLO", 4], ["RESET"], ["QUIT"], ["ECHO", "x"],
                ["GET", "k"], ["CLIENT", "KILL", "TYPE", "pubsub"], ["CLIENT", "GETNAME"], ["CLIENT", "SETNAME", "me"],
                ["CLIENT", "KILL", "TYPE", "odd"], ["nonsense", "a", "b"], ["SUBSCRIBE"], ["CLIENT", "SETNAME", "a b"],
                ["CLIENT", "KILL", "ID", "x"], ["HELLO", "3", "SETNAME", "z"], ["HELLO", "3", "WHAT"],
            ]
        )  # fmt: skip

    # --- streams -------------------------------------------------------------------------------------------------

    def id(self, new: bool = False) -> str:
        """An id, of an entry to be (`new`) or of one that may be there."""
        chance = self.chance
        if new or not self.top:
            if chance.random() < 0.1:
                return chance.choice(
                    [*IDS, "1-*", "x", "-", "1-1-1", "18446744073709551615-18446744073709551614"]
                )
            self.top += chance.choice([0, 1, 1, 1, 2])
            return chance.choice([f"{self.top}-*", f"{self.top}-{chance.randint(0, 3)}", f"{self.top}"])
        return f"{chance.randint(1, self.top)}-{chance.choice([0, 0, 0, 1, 2])}"

    def any_id(self) -> str:
        """Where to begin."""
        return self.chance.choice(["0", "0", "$", self.id(), self.id(), self.chance.choice(IDS)])

    def trim(self) -> Words:
        """MAXLEN or MINID."""
        chance = self.chance
        how: Words = [chance.choice([[], ["="], ["~"]])][0]
        words = ["MAXLEN", *how, chance.choice([0, 1, 2, 3, 5, 10, -1, "x"])]
        if chance.random() < 0.4:
            words = ["MINID", *how, self.id()]
        return [*words, "LIMIT", chance.choice([0, 1, 5, 200, -1])] if chance.random() < 0.2 else words

    def add(self) -> Words:
        """XADD."""
        chance = self.chance
        words: Words = ["XADD", chance.choice(KEYS)]
        if chance.random() < 0.1:
            words.append("NOMKSTREAM")
        if chance.random() < 0.15:
            words += self.trim()
        fields = [chance.choice(["k", "k", "n"]), chance.choice(["v", "42", "", "x" * 30])]
        return [*words, self.id(new=True), *fields * chance.choice([1, 1, 1, 2])]

    def read(self) -> Words:
        """XREAD."""
        chance = self.chance
        words: Words = ["XREAD"]
        if chance.random() < 0.3:
            words += ["COUNT", chance.choice([1, 2, 0, -1])]
        if chance.random() < 0.25:
            words += ["BLOCK", chance.choice([0, 50, 0, -1])]
        if chance.random() < 0.03:
            words += chance.choice([["GROUP", "g", "one"], ["NOACK"]])
        keys = self.some(KEYS, 2)
        return [
            *words,
            "STREAMS",
            *keys,
            *[chance.choice(["0", "$", self.id(), ">" if chance.random() < 0.05 else "0"]) for _ in keys],
        ]

    def read_group(self) -> Words:
        """XREADGROUP."""
        chance = self.chance
        words: Words = ["XREADGROUP", "GROUP", chance.choice(GROUPS), chance.choice(CONSUMERS)]
        if chance.random() < 0.5:
            words += ["COUNT", chance.choice([1, 1, 2, 3, 0])]
        if chance.random() < 0.25:
            words += ["BLOCK", chance.choice([0, 50, 0])]
        if chance.random() < 0.1:
            words += ["NOACK"]
        keys = self.some(("s", "s", "s", "s", "t", "none"), 2 if chance.random() < 0.1 else 1)
        return [*words, "STREAMS", *keys, *[chance.choice([">"] * 6 + ["0", self.id(), "$"]) for _ in keys]]

    def ack(self) -> Words:
        """XACK, XPENDING."""
        chance = self.chance
        where = [chance.choice(KEYS), chance.choice(GROUPS)]
        if chance.random() < 0.5:
            return ["XACK", *where, *[self.id() for _ in range(chance.randint(1, 3))]]
        words = ["XPENDING", *where]
        if chance.random() < 0.6:
            if chance.random() < 0.3:
                words += ["IDLE", chance.choice([0, 30, 60000])]
            words += [
                chance.choice(["-", self.id(), "(" + self.id()]),
                chance.choice(["+", self.id()]),
                chance.choice([10, 1, 0]),
            ]
            if chance.random() < 0.3:
                words += [chance.choice(CONSUMERS)]
        return words

    def group(self) -> Words:
        """XGROUP."""
        chance = self.chance
        where = [chance.choice(KEYS), chance.choice(GROUPS)]
        entries = ["ENTRIESREAD", chance.choice([0, 1, 3, -1, -5])] if chance.random() < 0.2 else []
        return chance.choice(
            [
                ["XGROUP", "CREATE", *where, self.any_id(), *chance.choice([[], ["MKSTREAM"]]), *entries],
                ["XGROUP", "CREATE", *where, self.any_id(), "MKSTREAM"],
                ["XGROUP", "SETID", *where, self.any_id(), *entries],
                ["XGROUP", "SETID", *where, self.any_id()],
                ["XGROUP", "DESTROY", *where],
                ["XGROUP", "CREATECONSUMER", *where, chance.choice(CONSUMERS)],
                ["XGROUP", "DELCONSUMER", *where, chance.choice(CONSUMERS)],
                ["XGROUP", "NOTHING", *where],
            ]
        )

    def claim(self) -> Words:
        """XCLAIM and XAUTOCLAIM."""
        chance = self.chance
        where = [
            chance.choice(KEYS),
            chance.choice(GROUPS),
            chance.choice(CONSUMERS),
            chance.choice([0, 0, 30, 60000, "x"]),
        ]
        if chance.random() < 0.5:
            words = ["XAUTOCLAIM", *where, chance.choice(["0", "-", self.id(), "(" + self.id()])]
            if chance.random() < 0.4:
                words += ["COUNT", chance.choice([1, 2, 0])]
            return words + (["JUSTID"] if chance.random() < 0.3 else [])
        words = ["XCLAIM", *where, *[self.id() for _ in range(chance.randint(1, 4))]]
        for option in (
            [["IDLE", 70]],
            [["TIME", 1]],
            [["RETRYCOUNT", chance.choice([0, 7])]],
            [["FORCE"]],
            [["JUSTID"]],
            [["LASTID", self.id()]],
            [["WHAT"]],
        ):
            if chance.random() < (0.03 if option == [["WHAT"]] else 0.2):
                words += option[0]
        return words

    def range(self) -> Words:
        """XRANGE, XREVRANGE, XLEN."""
        chance = self.chance
        key = chance.choice(KEYS)
        count = ["COUNT", chance.choice([1, 2, 0, -1])] if chance.random() < 0.4 else []
        low, high = (
            chance.choice(["-", self.id(), "(" + self.id(), "x"]),
            chance.choice(["+", self.id(), "(" + self.id(), str(self.top)]),
        )
        return chance.choice(
            [["XRANGE", key, low, high, *count], ["XREVRANGE", key, high, low, *count], ["XLEN", key]]
        )

    def shorten(self) -> Words:
        """XDEL, XTRIM, DEL, XSETID."""
        chance = self.chance
        key = chance.choice(KEYS)
        options: list[Words] = [
            ["XDEL", key, *[self.id() for _ in range(chance.randint(1, 2))]],
            ["XDEL", key, self.id()],
            ["XTRIM", key, *self.trim()],
            ["XTRIM", key, *self.trim()],
            ["DEL", key],
            ["XSETID", key, self.id()],
        ]
        return chance.choice(options)

    def info(self) -> Words:
        """XINFO."""
        chance = self.chance
        key = chance.choice(KEYS)
        return chance.choice(
            [
                ["XINFO", "STREAM", key],
                ["XINFO", "STREAM", key, "FULL"],
                ["XINFO", "GROUPS", key],
                ["XINFO", "GROUPS", key],
                ["XINFO", "CONSUMERS", key, chance.choice(GROUPS)],
                ["XINFO", "NOTHING", key],
            ]
        )

    def plain(self) -> Words:
        """Strings, keys, databases."""
        chance = self.chance
        return chance.choice(
            [
                ["SET", "string", "v"], ["GET", chance.choice(KEYS)], ["TYPE", chance.choice(KEYS)], ["EXISTS", *self.some(KEYS)],
                ["INCR", "number"], ["KEYS", "*"], ["DBSIZE"], ["SET", "s", "v", "NX"], ["SET", "string", "v", "XX", "GET"],
            ]
        )  # fmt: skip

    def transaction(self) -> Words:
        """MULTI and what goes with it."""
        return self.chance.choice(
            [
                ["MULTI"],
                ["MULTI"],
                ["EXEC"],
                ["EXEC"],
                ["EXEC"],
                ["DISCARD"],
                ["WATCH", self.chance.choice(KEYS)],
                ["UNWATCH"],
            ]
        )
