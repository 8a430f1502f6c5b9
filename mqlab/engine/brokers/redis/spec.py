"""Redis in a scenario file: its version, its configuration, channels that are in the picture from the beginning, streams."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from mqlab.engine import limits
from mqlab.engine.brokers.redis.arguments import strict_id
from mqlab.engine.brokers.redis.errors import Refused
from mqlab.engine.brokers.redis.server import memory
from mqlab.engine.scenario.place import Place, ms

VERSIONS = ("8.0", "7.0")
EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z: what a virtual time of 0 is in ids of streams
BUFFER_LIMIT = "32mb 8mb 60"
SOCKET_BYTES = 65_536
BUILT_FOR = (
    "kind",
    "version",
    "restart_ms",
    "appendonly",
    "epoch_ms",
    "output_buffer_limit",
    "stream_node_max_entries",
)
NODE_ENTRIES = 100


class RedisSpec(msgspec.Struct, frozen=True):
    """One Redis. `appendonly`: streams survive a restart (appendfsync always); `output_buffer_limit`: hard, soft and seconds of
    client-output-buffer-limit pubsub; `streams`: their groups, and the id after which each begins."""

    kind: ClassVar[str] = "redis"
    version: str = VERSIONS[0]
    restart_us: int = 1_000_000
    appendonly: bool = True
    epoch_ms: int = EPOCH_MS
    output_buffer_limit: str = BUFFER_LIMIT
    stream_node_max_entries: int = NODE_ENTRIES
    channels: tuple[str, ...] = ()
    streams: dict[str, dict[str, str]] = {}

    @property
    def publish_to(self) -> list[str]:
        """Channels that are declared, and streams."""
        return [*self.channels, *self.streams]

    @property
    def consume_from(self) -> list[str]:
        """Streams."""
        return list(self.streams)

    @property
    def node_names(self) -> list[str]:
        """Its nodes of the picture, besides itself."""
        groups = [f"{stream}/{group}" for stream, named in self.streams.items() for group in named]
        return [*self.channels, *self.streams, *groups]

    def named(self) -> dict[str, str]:
        """All that has a name there, and what it is, as people say it."""
        groups = [f"{stream}/{group}" for stream, named in self.streams.items() for group in named]
        channels = dict.fromkeys(self.channels, "a channel")
        return channels | dict.fromkeys(self.streams, "a stream") | dict.fromkeys(groups, "a group")

    def members(self, name: str) -> list[str]:
        """It is one node."""
        return []

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default."""
        return {
            "kind": self.kind,
            "version": self.version,
            "restart_ms": ms(self.restart_us),
            "appendonly": self.appendonly,
            "epoch_ms": self.epoch_ms,
            "output_buffer_limit": self.output_buffer_limit,
            "stream_node_max_entries": self.stream_node_max_entries,
            "channels": list(self.channels),
            "streams": {name: {"groups": dict(groups)} for name, groups in self.streams.items()},
        }


def read(place: Place) -> RedisSpec:
    """From its place in a scenario file. Raises ScenarioError."""
    fields = place.fields(*BUILT_FOR, "channels", "streams")
    none: tuple[str, ...] = ()
    channels = fields.get("channels", _channels, none)
    streams: dict[str, dict[str, str]] = {}
    if "streams" in fields:
        for name, one in fields.need("streams").named(limits.NODES_MAX).items():
            key = fields.need("streams").key(name)
            if name in channels:
                raise key.error("a name that no channel has (one name is one node of the picture)")
            _whole(key, name)
            streams[name] = read_groups(one)
    return RedisSpec(
        fields.get("version", lambda one: one.choice(VERSIONS), VERSIONS[0]),
        fields.get("restart_ms", lambda one: one.us(1), 1_000_000),
        fields.truth("appendonly", True),
        fields.get("epoch_ms", lambda one: one.integer(0, 2**52), EPOCH_MS),
        fields.get("output_buffer_limit", _limit, BUFFER_LIMIT),
        fields.get("stream_node_max_entries", lambda one: one.integer(1, 10_000), NODE_ENTRIES),
        channels,
        streams,
    )


def _whole(key: Place, name: str) -> None:
    if "/" in name or "@" in name:
        raise key.error("a name without / and @")


def _channels(place: Place) -> tuple[str, ...]:
    found: list[str] = []
    for one in place.items(limits.NODES_MAX, "a list of channels"):
        name = one.name()
        _whole(one, name)
        if name in found:
            raise one.error("each channel once")
        found.append(name)
    return tuple(found)


def read_groups(place: Place) -> dict[str, str]:
    """The groups of a stream. Raises ScenarioError."""
    fields = place.fields("groups")
    groups: dict[str, str] = {}
    if "groups" in fields:
        for group, one in fields.need("groups").entries(limits.NODES_MAX, "groups by name").items():
            _whole(fields.need("groups").key(group), group)
            groups[group] = read_start(one)
    return groups


def read_start(place: Place) -> str:
    """The id after which a group begins, or $. Raises ScenarioError."""
    start = place.text() if not isinstance(place.plain(), int) else str(place.plain())
    if start != "$":
        try:
            strict_id(start.encode())
        except Refused:
            raise place.error("$ (what comes from now on), 0 (all there is) or the id of an entry") from None
    return start


def _limit(place: Place) -> str:
    text = place.text()
    words = text.encode().split()
    if len(words) != 3 or memory(words[0]) is None or memory(words[1]) is None or not words[2].isdigit():
        raise place.error("hard limit, soft limit and seconds, as in 32mb 8mb 60")
    return text


def limits_of(text: str) -> tuple[int, int, int]:
    """As numbers: bytes, bytes, seconds."""
    hard, soft, seconds = text.encode().split()
    return memory(hard) or 0, memory(soft) or 0, int(seconds)
