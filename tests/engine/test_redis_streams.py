"""Redis Streams by their verbs: entries, groups, what is pending, and what is trimmed."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine.brokers.redis import methods as m
from mqlab.engine.clients import redis
from mqlab.engine.events import Appended, Claimed, Delivered, Dropped, Lost, NodeRemoved, Trimmed

BOTH = pytest.mark.parametrize("version", ["7.0", "8.0"])


def filled(count: int = 3, group: str = "0", version: str = "8.0") -> redis.Redis:
    """A stream `s` of entries 1-0, 2-0… with a group `g`."""
    r = redis.Redis(version)
    for number in range(1, count + 1):
        r.xadd("s", {"k": number}, id=f"{number}-0")
    r.xgroup_create("s", "g", id=group, mkstream=True)
    return r


def ids(entries: list[Any]) -> list[bytes]:
    """The ids of entries."""
    return [entry_id for entry_id, _ in entries]


def new(r: redis.Redis, consumer: str = "a", **more: Any) -> list[bytes]:
    """What a consumer gets that is new for its group."""
    found = r.xreadgroup("g", consumer, {"s": ">"}, **more)
    return ids(found[0][1]) if found else []


def told(r: redis.Redis, kind: type[Any]) -> list[Any]:
    """Its events of this kind."""
    return [event for event in r.events if isinstance(event, kind)]


@pytest.mark.rule("redis/ids-grow")
def test_ids_grow() -> None:
    r = redis.Redis()
    first = r.xadd("s", {"k": "v"})
    assert first == b"1767225600000-0"
    assert r.xadd("s", {"k": "v"}) == b"1767225600000-1"
    r.sleep(0.002)
    assert r.xadd("s", {"k": "v"}) == b"1767225600002-0"
    assert r.xadd("s", {"k": "v"}, id="1767225600002-*") == b"1767225600002-1"
    for entry_id, text in (
        ("5-0", "The ID specified in XADD is equal or smaller than the target stream top item"),
        ("0-0", "The ID specified in XADD must be greater than 0-0"),
        ("x", "Invalid stream ID specified as stream command argument"),
    ):
        with pytest.raises(redis.ResponseError, match=f"^{text}$"):
            r.xadd("s", {"k": "v"}, id=entry_id)


@pytest.mark.rule("redis/entries-stay", "redis/ack-leaves-entry")
def test_an_ack_leaves_the_entry() -> None:
    r = filled()
    assert new(r) == [b"1-0", b"2-0", b"3-0"]
    assert r.xack("s", "g", "1-0", "3-0") == 2
    assert r.xack("s", "g", "1-0") == 0
    assert r.xlen("s") == 3
    assert r.xpending("s", "g") == {
        "pending": 1, "min": b"2-0", "max": b"2-0", "consumers": [{"name": b"a", "pending": 1}],
    }  # fmt: skip
    assert ids(r.xrange("s")) == [b"1-0", b"2-0", b"3-0"]
    assert ids(r.xrevrange("s", count=2)) == [b"3-0", b"2-0"]


@pytest.mark.rule("redis/read-without-group")
def test_every_reader_without_a_group_gets_everything() -> None:
    r = filled(2)
    for _ in range(2):
        assert r.xread({"s": "0"}) == [[b"s", [(b"1-0", {b"k": b"1"}), (b"2-0", {b"k": b"2"})]]]
    assert r.xread({"s": "2-0"}) == []
    assert ids(r.xread({"s": "+"})[0][1]) == [b"2-0"]


@pytest.mark.rule("redis/every-group-sees-all", "redis/group-gives-once")
def test_groups_see_all_and_their_consumers_share() -> None:
    r = filled()
    r.xgroup_create("s", "other", id="0")
    assert (new(r, "a", count=1), new(r, "b", count=5), new(r, "a")) == ([b"1-0"], [b"2-0", b"3-0"], [])
    assert len(r.xreadgroup("other", "a", {"s": ">"})[0][1]) == 3
    r.xadd("s", {"k": "v"}, id="4-0")
    (appended,) = told(r, Appended)[-1:]
    assert appended.to == ("s/g", "s/other")
    assert r.world.ledger.conserved


@pytest.mark.rule("redis/group-starts-where-told")
@pytest.mark.parametrize(("start", "gets"), [("0", [b"1-0", b"2-0", b"3-0"]), ("2-0", [b"3-0"]), ("$", [])])
def test_a_group_begins_behind_an_id(start: str, gets: list[bytes]) -> None:
    assert new(filled(group=start)) == gets


@pytest.mark.rule("redis/blocked-first-served", "redis/read-nothing-nil")
def test_who_waits_longest_is_served_first_and_nil_is_nothing() -> None:
    r = filled(0, group="$")
    began = r.world.now
    assert r.xreadgroup("g", "a", {"s": ">"}, block=500) == []
    assert r.world.now - began == 500_000
    assert r.execute_command("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">") is None
    waiting = [Waiting(r, name) for name in ("a", "b", "c")]
    r.xadd("s", {"k": 1}, id="1-0")
    r.xadd("s", {"k": 2}, id="2-0")
    assert [one.got for one in waiting] == [[b"1-0"], [b"2-0"], None]
    assert [event.rule for event in told(r, Delivered)] == ["redis/blocked-first-served"] * 2


class Waiting:
    """A consumer in a read that blocks for ever."""

    window = 0

    def __init__(self, r: redis.Redis, name: str) -> None:
        self.got: Any = None
        connection = r.broker.connect(f"waiting-{name}", self, instant=True)
        words = ("XREADGROUP", "GROUP", "g", name, "COUNT", 1, "BLOCK", 0, "STREAMS", "s", ">")
        assert r.broker.handle("redis", connection, m.command(*words), "") is m.BLOCKED

    def receive(self, frame: Any, cause: str) -> None:
        value = frame.value
        self.got = [entry[0] for entry in value[0][1]] if isinstance(value, list) else value.text

    def hung_up(self, connection: Any, cause: str) -> None: ...


@pytest.mark.rule("redis/blocked-reader-of-a-deleted-stream")
@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("7.0", "UNBLOCKED the stream key no longer exists"),
        ("8.0", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"),
    ],
)
def test_who_waits_for_a_stream_is_told_when_it_goes(version: str, said: str) -> None:
    r = filled(0, group="$", version=version)
    one = Waiting(r, "a")
    assert r.delete("s") == 1
    assert one.got == said


@pytest.mark.rule("redis/group-cursor")
def test_a_cursor_that_is_set_back_gives_out_again() -> None:
    r = filled()
    assert new(r, "a") == [b"1-0", b"2-0", b"3-0"]
    r.xack("s", "g", "1-0")
    r.xgroup_setid("s", "g", "0")
    assert new(r, "b") == [b"1-0", b"2-0", b"3-0"]
    assert r.xpending("s", "g")["consumers"] == [{"name": b"b", "pending": 3}]
    assert [event.rule for event in told(r, Claimed)] == ["redis/group-cursor"] * 2
    r.xgroup_setid("s", "g", "$")
    assert new(r) == []
    assert r.world.ledger.conserved


@pytest.mark.rule("redis/noack")
def test_with_noack_nothing_is_pending() -> None:
    r = filled()
    assert new(r, noack=True) == [b"1-0", b"2-0", b"3-0"]
    assert r.xpending("s", "g")["pending"] == 0


@pytest.mark.rule("redis/own-pending")
def test_a_consumer_reads_again_what_is_its_own() -> None:
    r = filled()
    new(r, "a", count=2)
    new(r, "b")
    assert ids(r.xreadgroup("g", "a", {"s": "0"})[0][1]) == [b"1-0", b"2-0"]
    assert r.xreadgroup("g", "c", {"s": "0"}) == [[b"s", []]]
    assert [one["times_delivered"] for one in r.xpending_range("s", "g", "-", "+", 10)] == [2, 2, 1]
    r.xdel("s", "1-0")
    assert r.xreadgroup("g", "a", {"s": "0"})[0][1][0] == (b"1-0", None)


@pytest.mark.rule("redis/ack-by-anybody", "redis/group-missing")
def test_an_ack_names_an_entry_and_not_its_consumer() -> None:
    r = filled()
    new(r, "a")
    assert r.xack("s", "g", "1-0") == 1
    assert r.xack("s", "nowhere", "2-0") == r.xack("none", "g", "2-0") == 0
    missing = "No such key 's' or consumer group 'nowhere'"
    for call in (
        lambda: r.xreadgroup("nowhere", "a", {"s": ">"}),
        lambda: r.xpending("s", "nowhere"),
        lambda: r.xautoclaim("s", "nowhere", "a", 0),
    ):
        with pytest.raises(redis.ResponseError, match=f"^NOGROUP {missing}"):
            call()


@pytest.mark.rule("redis/no-redelivery-by-itself", "redis/autoclaim-idle")
def test_what_is_pending_waits_for_somebody_who_claims_it() -> None:
    r = filled()
    new(r, "dead")
    r.sleep(3600)
    assert new(r, "alive") == []
    r.xreadgroup("g", "dead", {"s": "2-0"})  # 3-0 was touched just now
    cursor, entries, gone = r.xautoclaim("s", "g", "alive", 60_000, count=1)
    assert (cursor, ids(entries), gone) == (b"2-0", [b"1-0"], [])
    cursor, entries, gone = r.xautoclaim("s", "g", "alive", 60_000, start_id=cursor)
    assert (cursor, ids(entries)) == (b"0-0", [b"2-0"])
    found = r.xpending_range("s", "g", "-", "+", 10)
    assert [(one["consumer"], one["times_delivered"]) for one in found] == [
        (b"alive", 2),
        (b"alive", 2),
        (b"dead", 2),
    ]
    assert found[0]["time_since_delivered"] == 0
    assert r.xautoclaim("s", "g", "third", 60_000) == [b"0-0", [], []]


@pytest.mark.rule("redis/claim-moves")
def test_a_claim_moves_what_is_pending_and_with_force_what_is_not() -> None:
    r = filled()
    new(r, "a", count=1)
    assert ids(r.xclaim("s", "g", "b", 0, ["1-0", "2-0"])) == [b"1-0"]
    assert r.xclaim("s", "g", "b", 0, ["2-0"], force=True, justid=True) == [b"2-0"]
    assert ids(r.xclaim("s", "g", "c", 0, ["1-0"], retrycount=7, idle=5_000)) == [b"1-0"]
    (one,) = r.xpending_range("s", "g", "-", "+", 10, "c")
    assert (one["times_delivered"], one["time_since_delivered"]) == (7, 5_000)
    assert r.xclaim("s", "g", "d", 6_000, ["1-0"]) == []
    assert r.world.ledger.conserved


@pytest.mark.rule("redis/claim-forgets-deleted")
def test_claiming_what_was_deleted_forgets_it() -> None:
    r = filled()
    new(r, "a")
    r.xdel("s", "1-0", "2-0")
    assert r.xpending("s", "g")["pending"] == 3
    assert r.xclaim("s", "g", "b", 0, ["1-0"]) == []
    cursor, entries, gone = r.xautoclaim("s", "g", "b", 0)
    assert (cursor, ids(entries), gone) == (b"0-0", [b"3-0"], [b"2-0"])
    assert r.xpending("s", "g")["pending"] == 1
    assert [event.reason for event in told(r, Dropped)] == ["trimmed", "trimmed"]


@pytest.mark.rule("redis/delete-consumer-forgets")
def test_deleting_a_consumer_forgets_what_it_held() -> None:
    r = filled()
    new(r, "a", count=2)
    assert r.xgroup_delconsumer("s", "g", "a") == 2
    assert r.xpending("s", "g")["pending"] == 0
    assert new(r, "b") == [b"3-0"]
    assert [(event.reason, len(event.of)) for event in told(r, Dropped)] == [("consumer_deleted", 2)]


@pytest.mark.rule("redis/destroy-group", "redis/delete-stream")
def test_a_group_goes_alone_or_with_its_stream() -> None:
    r = filled()
    new(r, "a", count=1)
    assert (r.xgroup_destroy("s", "g"), r.xgroup_destroy("s", "g"), r.xlen("s")) == (1, 0, 3)
    r.xgroup_create("s", "h", id="0")
    assert (r.delete("s"), r.exists("s")) == (1, 0)
    assert [event.node for event in told(r, NodeRemoved)] == ["s/g", "s/h", "s"]
    assert r.world.ledger.conserved


@pytest.mark.rule("redis/delete-entry")
def test_a_deleted_entry_never_reaches_who_had_not_read_it() -> None:
    r = filled()
    assert (r.xdel("s", "2-0", "9-0"), new(r)) == (1, [b"1-0", b"3-0"])


@pytest.mark.rule("redis/trim-exact", "redis/trim-loses-unread")
def test_trimming_asks_nobody() -> None:
    r = filled(5)
    new(r, count=1)
    assert r.xtrim("s", maxlen=2, approximate=False) == 3
    assert new(r) == [b"4-0", b"5-0"]
    assert [(event.rule, len(event.of)) for event in told(r, Dropped)] == [("redis/trim-loses-unread", 2)]
    assert r.xtrim("s", minid="5", approximate=False) == 1
    r.xadd("s", {"k": "v"}, id="6-0", maxlen=1, approximate=False)
    assert ids(r.xrange("s")) == [b"6-0"]
    assert [event.length for event in told(r, Trimmed)] == [2, 1, 1]


@pytest.mark.rule("redis/trim-whole-nodes")
def test_with_the_tilde_only_whole_nodes_go() -> None:
    r = filled(250)
    assert r.xtrim("s", maxlen=10) == 200
    assert r.xlen("s") == 50
    assert r.xtrim("s", maxlen=10, approximate=False) == 40


def restarted(appendonly: bool) -> redis.Redis:
    """A server that went down with an entry pending, and came up."""
    r = filled()
    r.broker.appendonly = appendonly
    new(r, "a", count=1)
    r.broker.go_down("")
    r.settle()
    with pytest.raises(redis.ConnectionError):
        r.xlen("s")
    r.sleep(1)
    return r


@pytest.mark.rule("redis/appendonly-survives")
def test_streams_and_what_is_pending_survive_with_the_file() -> None:
    r = restarted(True)
    assert (r.xlen("s"), r.xpending("s", "g")["pending"], new(r)) == (3, 1, [b"2-0", b"3-0"])


@pytest.mark.rule("redis/without-file-all-is-lost")
def test_without_the_file_everything_is_gone() -> None:
    r = restarted(False)
    assert r.xlen("s") == 0
    (lost,) = told(r, Lost)
    assert (lost.what, len(lost.of)) == ("message", 3)
    assert r.world.ledger.conserved


@BOTH
def test_lag_and_entries_read(version: str) -> None:
    r = filled(5, version=version)
    new(r, count=2)
    (group,) = r.xinfo_groups("s")
    assert (group["entries-read"], group["lag"], group["pending"]) == (2, 3, 2)
    r.xdel("s", "4-0")
    (group,) = r.xinfo_groups("s")
    assert group["lag"] is None
    assert r.xinfo_stream("s")["max-deleted-entry-id"] == b"4-0"


def test_a_read_that_can_never_be_answered_says_so() -> None:
    r = filled(0, group="$")
    with pytest.raises(TimeoutError, match="it waits for ever"):
        r.xreadgroup("g", "a", {"s": ">"}, block=0)
