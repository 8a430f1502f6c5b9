"""Programs that talk to Redis, in a scenario file: who publishes or adds, who subscribes, who reads in a group."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.scenario.pace import PACE, PaceSpec, read_pace, scripted
from mqlab.engine.scenario.place import Place, ms
from mqlab.engine.scenario.program import There
from mqlab.engine.scenario.service import FAIL_WHEN, WORK, WorkSpec, read_work
from mqlab.engine.scenario.text import read_key, read_keys, template

ACK = ("after", "before", "noack")
COUNT_MAX = 1_000


class PublishSpec(msgspec.Struct, frozen=True):
    """PUBLISH to a channel, or XADD to a stream, which `maxlen` keeps short (0: not), with `~` where `approximate`."""

    channel: str = ""
    stream: str = ""
    keys: tuple[str, ...] = ()
    body: str = ""
    maxlen: int = 0
    approximate: bool = False

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        where: dict[str, Any] = {"channel": self.channel}
        if self.stream:
            where = {"stream": self.stream, "maxlen": self.maxlen or None, "approximate": self.approximate}
        return {**where, "keys": list(self.keys), "body": self.body}


def read_publish(place: Place, there: There, name: str, *, scripted: bool) -> PublishSpec:
    """From `publish`. Raises ScenarioError."""
    fields = place.fields("channel", "stream", "keys", "body", "maxlen", "approximate")
    if ("channel" in fields) == ("stream" in fields):
        raise place.error("exactly one of channel and stream", "both" if "channel" in fields else "none")
    none: tuple[str, ...] = ()
    keys = fields.get("keys", read_keys, none)
    more: dict[str, Any] = {"name": name, "keyed": bool(keys) or scripted}
    for field in ("maxlen", "approximate"):
        if field in fields and "stream" not in fields:
            raise fields.need(field).error(f"no {field} beside a channel, which keeps nothing")
    return PublishSpec(
        fields.get("channel", lambda one: template(one, limits.NAME_BYTES_MAX, **more), ""),
        fields.get("stream", lambda one: one.known(there.consume_from, "a stream"), ""),
        keys,
        fields.get("body", lambda one: template(one, limits.BODY_BYTES_MAX, **more), ""),
        fields.maybe("maxlen", lambda one: one.integer(1, limits.LIVE_COPIES_MAX), 0),
        fields.truth("approximate", False),
    )


class ScriptItem(msgspec.Struct, frozen=True):
    """One message of a script, `at_us` after the producer's start. What is None is as `publish` has it."""

    at_us: int
    key: str | None = None
    channel: str | None = None
    body: str | None = None

    def plain(self) -> dict[str, Any]:
        """As the file has it."""
        said = {"at_ms": ms(self.at_us), "key": self.key, "channel": self.channel, "body": self.body}
        return {name: value for name, value in said.items() if value is not None}


class ProducerSpec(PaceSpec, frozen=True, kw_only=True):
    """What it sends at its pace. `retry`: again, over a fresh connection, what had no reply."""

    kind: ClassVar[str] = "producer"
    publish: PublishSpec
    retry: bool = True

    def uses(self) -> list[str]:
        """The stream."""
        return [self.publish.stream] if self.publish.stream else []

    def feeds(self, broker: Any) -> list[str]:
        """The channel or stream, where its name is the same for all its messages."""
        target = self.publish.stream or self.publish.channel
        return [] if "{" in target else [target]

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        return {
            "kind": self.kind,
            "broker": self.broker,
            "publish": self.publish.plain(),
            "retry": self.retry,
            **PaceSpec.plain(self),
        }


def read_producer(place: Place, name: str, there: There) -> ProducerSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields("kind", "broker", "publish", "retry", *PACE)
    publish = read_publish(fields.need("publish"), there, name, scripted=scripted(fields))
    return ProducerSpec(
        broker=fields.need("broker").text(),
        publish=publish,
        retry=fields.truth("retry", True),
        **read_pace(fields, lambda one, at_us: _item(one, at_us, name)),
    )


def _item(place: Place, at_us: int, name: str) -> ScriptItem:
    fields = place.fields("at_ms", "key", "channel", "body")
    more: dict[str, Any] = {"name": name, "keyed": True}
    return ScriptItem(
        at_us,
        fields.get("key", read_key, None),
        fields.get("channel", lambda one: template(one, limits.NAME_BYTES_MAX, **more), None),
        fields.get("body", lambda one: template(one, limits.BODY_BYTES_MAX, **more), None),
    )


class SubscriberSpec(WorkSpec, frozen=True, kw_only=True):
    """What it listens to. It reads a message from its socket when it has handled the one before; `socket_bytes` may wait there,
    the rest waits in Redis, in its output buffer."""

    kind: ClassVar[str] = "subscriber"
    channels: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    socket_bytes: int = 65_536

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        return {
            "kind": self.kind,
            "broker": self.broker,
            "channels": list(self.channels),
            "patterns": list(self.patterns),
            "socket_bytes": self.socket_bytes,
            **WorkSpec.plain(self),
        }


def read_subscriber(place: Place, name: str, there: There) -> SubscriberSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields("kind", "broker", "channels", "patterns", "socket_bytes", *WORK)
    none: tuple[str, ...] = ()
    channels = fields.get("channels", _names, none)
    patterns = fields.get("patterns", _names, none)
    return SubscriberSpec(
        broker=fields.need("broker").text(),
        channels=channels,
        patterns=patterns,
        socket_bytes=fields.get("socket_bytes", lambda one: one.integer(1, 1 << 30), 65_536),
        **read_work(fields, ("drop",), FAIL_WHEN),
    )


def _names(place: Place) -> tuple[str, ...]:
    found: list[str] = []
    for one in place.items(limits.CHANNELS_MAX, "a list of names"):
        if one.name() in found:
            raise one.error("each once")
        found.append(one.name())
    return tuple(found)


class ConsumerSpec(WorkSpec, frozen=True, kw_only=True):
    """What it reads: new entries of a group, `count` at a time, waiting up to `block_us`. `claim_idle_us`: it takes over what
    others have held so long, looking every `claim_every_us`; 0: it does not. Times in µs."""

    kind: ClassVar[str] = "consumer"
    stream: str
    group: str
    count: int = 1
    block_us: int = 5_000_000
    ack: str = ACK[0]
    claim_idle_us: int = 0
    claim_every_us: int = 1_000_000

    def uses(self) -> list[str]:
        """Its stream."""
        return [self.stream]

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        return {
            "kind": self.kind,
            "broker": self.broker,
            "stream": self.stream,
            "group": self.group,
            "count": self.count,
            "block_ms": ms(self.block_us),
            "ack": self.ack,
            "claim": {"min_idle_ms": ms(self.claim_idle_us), "every_ms": ms(self.claim_every_us)} if self.claim_idle_us else None,
            **WorkSpec.plain(self),
        }  # fmt: skip


def read_consumer(place: Place, name: str, there: There) -> ConsumerSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields("kind", "broker", "stream", "group", "count", "block_ms", "ack", "claim", *WORK)
    idle, every = fields.maybe("claim", _claim, (0, 1_000_000))
    return ConsumerSpec(
        broker=fields.need("broker").text(),
        stream=fields.need("stream").known(there.consume_from, "a stream"),
        group=fields.need("group").name(),
        count=fields.get("count", lambda one: one.integer(1, COUNT_MAX), 1),
        block_us=fields.get("block_ms", lambda one: one.us(1), 5_000_000),
        ack=fields.get("ack", lambda one: one.choice(ACK), ACK[0]),
        claim_idle_us=idle,
        claim_every_us=every,
        **read_work(fields, ("leave",), FAIL_WHEN),
    )


def _claim(place: Place) -> tuple[int, int]:
    fields = place.fields("min_idle_ms", "every_ms")
    return fields.need("min_idle_ms").us(1), fields.get("every_ms", lambda one: one.us(1), 1_000_000)
