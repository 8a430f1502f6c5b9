"""Redis Pub/Sub by its verbs: who gets what, how often, and what PUBLISH answers."""

from __future__ import annotations

from typing import Any

import pytest

from mqlab.engine.brokers.redis.glob import matches
from mqlab.engine.clients import redis
from mqlab.engine.events import Broadcast, ConnectionClosed, Lost, Missed


def pair() -> tuple[redis.Redis, redis.PubSub]:
    """A client and a subscriber of the same server."""
    r = redis.Redis()
    return r, r.pubsub(ignore_subscribe_messages=True)


def heard(listener: redis.PubSub) -> list[tuple[str, bytes]]:
    """(type, data) of all that is there."""
    return [(one["type"], one["data"]) for one in listener.listen()]


@pytest.mark.rule("redis/no-subscriber-no-message")
def test_a_publish_that_nobody_hears_is_gone() -> None:
    r, listener = pair()
    assert r.publish("news", "lost") == 0
    listener.subscribe("news")
    assert heard(listener) == []
    assert [type(event) for event in r.events if type(event) in (Missed, Broadcast)] == [Missed]


@pytest.mark.rule("redis/at-most-once", "redis/publish-counts")
def test_publish_counts_subscriptions_and_keeps_nothing() -> None:
    r, one = pair()
    two = r.pubsub(ignore_subscribe_messages=True)
    one.subscribe("news")
    two.subscribe("news", "sport")
    assert r.publish("news", "to both") == 2
    assert heard(one) == heard(two) == [("message", b"to both")]
    assert heard(one) == []
    assert r.pubsub_numsub("news", "sport", "none") == [(b"news", 2), (b"sport", 1), (b"none", 0)]
    assert sorted(r.pubsub_channels()) == [b"news", b"sport"]
    assert r.world.ledger.conserved


@pytest.mark.rule("redis/disconnected-misses")
def test_who_was_away_missed_it() -> None:
    r, listener = pair()
    listener.subscribe("news")
    listener.close()
    assert r.publish("news", "meanwhile") == 0
    listener.subscribe("news")
    assert r.publish("news", "again") == 1
    assert heard(listener) == [("message", b"again")]


@pytest.mark.rule("redis/subscribe-idempotent", "redis/unsubscribe")
def test_replies_count_what_a_client_listens_to() -> None:
    r = redis.Redis()
    listener = r.pubsub()
    listener.subscribe("a", "b", "a")
    listener.psubscribe("x*")
    listener.unsubscribe("nope")
    listener.unsubscribe()
    counts = [(one["type"], one["channel"], one["data"]) for one in listener.listen()]
    assert counts == [
        ("subscribe", b"a", 1), ("subscribe", b"b", 2), ("subscribe", b"a", 2), ("psubscribe", b"x*", 3),
        ("unsubscribe", b"nope", 3), ("unsubscribe", b"a", 2), ("unsubscribe", b"b", 1),
    ]  # fmt: skip
    assert r.publish("a", "x") == 0


@pytest.mark.rule("redis/pattern-subscription", "redis/pattern-each-counts")
def test_a_client_gets_it_by_name_first_and_then_by_each_pattern() -> None:
    r, listener = pair()
    listener.psubscribe("n*", "*s")
    listener.subscribe("news")
    assert r.publish("news", "m") == 3
    assert [kind for kind, _ in heard(listener)] == ["message", "pmessage", "pmessage"]
    assert r.publish("nothing", "m") == 1
    (broadcast, _) = [event for event in r.events if isinstance(event, Broadcast)]
    assert broadcast.by == ("", "n*", "*s")
    assert broadcast.of == ("client-2-1@client-1", "client-2-1@client-1.2", "client-2-1@client-1.3")


@pytest.mark.rule("redis/glob-bytes")
@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("h[!a]llo", ["h!llo", "hallo"], ["hello"]),
        ("h[^a]llo", ["hello", "h!llo"], ["hallo"]),
        ("[c-a]x", ["ax", "bx", "cx"], ["dx"]),
        ("a[b", ["ab"], ["a[b"]),
        ("a\\*", ["a*"], ["ab"]),
        ("*", ["a", "news.sport"], [""]),
        ("", [""], ["a"]),
        ("??", ["ab", "é"], ["a", "abc"]),
        ("[\\]]", ["]"], ["\\"]),
        ("a\\", ["a\\"], ["a"]),
    ],
)
def test_the_glob(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [one for one in [*yes, *no] if matches(pattern.encode(), one.encode())] == yes


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    assert not matches(b"a*" * 60 + b"b", b"a" * 3000)


@pytest.mark.rule("redis/numpat-unique")
def test_numpat_counts_different_patterns() -> None:
    r, one = pair()
    two = r.pubsub()
    one.psubscribe("a*", "b*")
    two.psubscribe("a*")
    assert r.pubsub_numpat() == 2
    one.punsubscribe("a*")
    assert r.pubsub_numpat() == 2
    two.close()
    assert r.pubsub_numpat() == 1


@pytest.mark.rule("redis/channels-ignore-databases")
def test_a_channel_is_the_same_in_every_database_and_no_key() -> None:
    r, listener = pair()
    listener.subscribe("c1")
    r.set("c1", "v")
    r.execute_command("SELECT", 3)
    assert r.publish("c1", "m") == 1
    assert r.get("c1") is None
    assert heard(listener) == [("message", b"m")]


@pytest.mark.rule("redis/multi-delivers-at-exec")
def test_a_transaction_publishes_at_exec() -> None:
    r, listener = pair()
    listener.subscribe("c")
    r.execute_command("MULTI")
    assert r.execute_command("PUBLISH", "c", "1") == "QUEUED"
    assert heard(listener) == []
    r.execute_command("PUBLISH", "c", "2")
    assert r.execute_command("EXEC") == [1, 1]
    assert heard(listener) == [("message", b"1"), ("message", b"2")]


@pytest.mark.rule("redis/multi-refused")
def test_a_refused_command_spoils_the_transaction() -> None:
    r = redis.Redis()
    r.execute_command("MULTI")
    with pytest.raises(redis.ResponseError, match="wrong number of arguments for 'publish' command"):
        r.execute_command("PUBLISH", "c")
    r.execute_command("SET", "k", "v")
    with pytest.raises(
        redis.ResponseError, match=r"^EXECABORT Transaction discarded because of previous errors\.$"
    ):
        r.execute_command("EXEC")
    assert r.get("k") is None


def test_a_watched_key_that_changed_ends_the_transaction() -> None:
    r = redis.Redis()
    other = redis.Redis(broker=r.broker)
    r.execute_command("WATCH", "k")
    other.set("k", "theirs")
    r.execute_command("MULTI")
    r.execute_command("SET", "k", "ours")
    assert r.execute_command("EXEC") is None
    assert r.get("k") == b"theirs"


@pytest.mark.rule("redis/shard-channels-apart")
def test_shard_channels_have_a_namespace_of_their_own() -> None:
    r, listener = pair()
    listener.ssubscribe("c")
    assert r.publish("c", "no") == 0
    assert r.spublish("c", "yes") == 1
    assert heard(listener) == [("smessage", b"yes")]
    assert r.pubsub_channels() == []
    assert r.execute_command("PUBSUB", "SHARDNUMSUB", "c") == [b"c", 1]


@pytest.mark.rule("redis/resp2-subscriber-restricted", "redis/resp3-unrestricted")
def test_what_a_subscriber_may_say() -> None:
    r = redis.Redis()
    r.execute_command("SUBSCRIBE", "c")
    only = r"\(P\|S\)SUBSCRIBE / \(P\|S\)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
    with pytest.raises(redis.ResponseError, match=f"^Can't execute 'get': only {only}$"):
        r.get("k")
    assert r.execute_command("PING") == [b"pong", b""]
    assert r.execute_command("RESET") == "RESET"
    assert r.get("k") is None
    assert r.execute_command("HELLO", 3)[b"proto"] == 3
    r.execute_command("SUBSCRIBE", "c")
    assert r.get("k") is None


@pytest.mark.rule("redis/client-kill")
def test_subscribers_are_thrown_out() -> None:
    r, listener = pair()
    listener.subscribe("c")
    assert r.client_kill_filter("pubsub") == 1
    assert r.publish("c", "m") == 0
    with pytest.raises(redis.ConnectionError):
        listener.get_message()


def slow(r: redis.Redis, limit: str) -> redis.PubSub:
    """A subscriber that reads nothing, with a small socket, under this limit."""
    r.config_set("client-output-buffer-limit", f"pubsub {limit}")
    listener = r.pubsub(ignore_subscribe_messages=True, socket_bytes=200)
    listener.subscribe("c")
    assert listener.get_message() is None
    return listener


@pytest.mark.rule("redis/output-buffer", "redis/output-buffer-hard-limit")
def test_who_does_not_read_is_cut_off_at_the_hard_limit() -> None:
    r = redis.Redis()
    listener = slow(r, "1kb 0 0")
    sent = 0
    while r.publish("c", "x" * 100):
        sent += 1
    assert sent == 9
    (lost,) = [event for event in r.events if isinstance(event, Lost)]
    assert (len(lost.of), lost.what, lost.rule) == (8, "message", "redis/output-buffer-hard-limit")
    assert [event.rule for event in r.events if isinstance(event, ConnectionClosed)] == [
        "redis/output-buffer-hard-limit"
    ]
    assert listener.get_message() == {"type": "message", "pattern": None, "channel": b"c", "data": b"x" * 100}
    with pytest.raises(redis.ConnectionError):
        listener.get_message()
    assert r.world.ledger.conserved


def test_what_is_read_makes_room_for_what_waits() -> None:
    r = redis.Redis()
    listener = slow(r, "1kb 0 0")
    for number in range(5):
        r.publish("c", f"{number}" * 100)
    assert [data[:1] for _, data in heard(listener)] == [b"0", b"1", b"2", b"3", b"4"]
    assert listener.connected


@pytest.mark.rule("redis/output-buffer-soft-limit")
@pytest.mark.parametrize(("late_s", "cut"), [(1.9, False), (4.1, True)])
def test_above_the_soft_limit_one_is_cut_off_after_its_seconds(late_s: float, cut: bool) -> None:
    r = redis.Redis()
    listener = slow(r, "0 256 3")
    for _ in range(6):
        r.publish("c", "x" * 100)
    r.sleep(late_s)
    assert listener.connected is not cut
    if not cut:
        assert len(heard(listener)) == 6
        r.sleep(10)
        assert listener.connected


def test_a_call_from_inside_the_engine_is_refused() -> None:
    r = redis.Redis()
    refused: list[Any] = []

    class Nosy:
        window = 0

        def receive(self, frame: Any, cause: str) -> None:
            try:
                r.publish("c", "again")
            except redis.ReentrantCall as error:
                refused.append(error)

        def hung_up(self, connection: Any, cause: str) -> None: ...

    from mqlab.engine.brokers.redis import methods as m

    connection = r.broker.connect("nosy", Nosy(), instant=True)
    r.broker.handle("redis", connection, m.command("SUBSCRIBE", "c"), "")
    r.settle()
    assert r.publish("c", "m") == 1
    assert len(refused) == 1
