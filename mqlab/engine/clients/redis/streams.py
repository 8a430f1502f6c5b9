"""The verbs of streams, with redis-py's names, arguments and shapes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

Word = str | bytes | int | float
Entry = tuple[Any, dict[Any, Any] | None]


class Streams(ABC):
    """Part of the façade. Entries are (id, fields)."""

    @abstractmethod
    def execute_command(self, *words: Word) -> Any:
        """Any command, word by word."""

    def xadd(
        self, name: Word, fields: dict[Any, Any], id: str = "*", maxlen: int | None = None, approximate: bool = True,
        nomkstream: bool = False, minid: str | None = None, limit: int | None = None,
    ) -> Any:  # fmt: skip
        """XADD: the entry's id."""
        words: list[Word] = ["NOMKSTREAM"] if nomkstream else []
        words += _trim(maxlen, minid, approximate, limit)
        return self.execute_command(
            "XADD", name, *words, id, *[part for pair in fields.items() for part in pair]
        )

    def xlen(self, name: Word) -> int:
        """XLEN."""
        return int(self.execute_command("XLEN", name))

    def xdel(self, name: Word, *ids: Word) -> int:
        """XDEL: how many there were."""
        return int(self.execute_command("XDEL", name, *ids))

    def xtrim(
        self, name: Word, maxlen: int | None = None, approximate: bool = True, minid: str | None = None,
        limit: int | None = None,
    ) -> int:  # fmt: skip
        """XTRIM: how many are gone."""
        return int(self.execute_command("XTRIM", name, *_trim(maxlen, minid, approximate, limit)))

    def xrange(self, name: Word, min: str = "-", max: str = "+", count: int | None = None) -> list[Entry]:
        """XRANGE."""
        return _entries(self.execute_command("XRANGE", name, min, max, *_count(count)))

    def xrevrange(self, name: Word, max: str = "+", min: str = "-", count: int | None = None) -> list[Entry]:
        """XREVRANGE."""
        return _entries(self.execute_command("XREVRANGE", name, max, min, *_count(count)))

    def xread(self, streams: dict[Any, Any], count: int | None = None, block: int | None = None) -> list[Any]:
        """XREAD: [[stream, entries]…]; `block` in ms, 0: for ever."""
        words: list[Word] = [*_count(count), *_block(block)]
        return _by_stream(self.execute_command("XREAD", *words, "STREAMS", *streams, *streams.values()))

    def xreadgroup(
        self, groupname: Word, consumername: Word, streams: dict[Any, Any], count: int | None = None,
        block: int | None = None, noack: bool = False,
    ) -> list[Any]:  # fmt: skip
        """XREADGROUP: [[stream, entries]…]."""
        words: list[Word] = [
            *_count(count),
            *_block(block),
            *_flag("NOACK", noack),
        ]
        reply = self.execute_command(
            "XREADGROUP", "GROUP", groupname, consumername, *words, "STREAMS", *streams, *streams.values()
        )
        return _by_stream(reply)

    def xack(self, name: Word, groupname: Word, *ids: Word) -> int:
        """XACK: how many were pending."""
        return int(self.execute_command("XACK", name, groupname, *ids))

    def xgroup_create(self, name: Word, groupname: Word, id: Word = "$", mkstream: bool = False) -> bool:
        """XGROUP CREATE."""
        words = ["MKSTREAM"] if mkstream else []
        return bool(self.execute_command("XGROUP", "CREATE", name, groupname, id, *words) == "OK")

    def xgroup_setid(self, name: Word, groupname: Word, id: Word) -> bool:
        """XGROUP SETID."""
        return bool(self.execute_command("XGROUP", "SETID", name, groupname, id) == "OK")

    def xgroup_destroy(self, name: Word, groupname: Word) -> int:
        """XGROUP DESTROY."""
        return int(self.execute_command("XGROUP", "DESTROY", name, groupname))

    def xgroup_createconsumer(self, name: Word, groupname: Word, consumername: Word) -> int:
        """XGROUP CREATECONSUMER."""
        return int(self.execute_command("XGROUP", "CREATECONSUMER", name, groupname, consumername))

    def xgroup_delconsumer(self, name: Word, groupname: Word, consumername: Word) -> int:
        """XGROUP DELCONSUMER: how many were pending with it."""
        return int(self.execute_command("XGROUP", "DELCONSUMER", name, groupname, consumername))

    def xpending(self, name: Word, groupname: Word) -> dict[str, Any]:
        """XPENDING, in sum: pending, min, max, consumers."""
        pending, low, high, consumers = self.execute_command("XPENDING", name, groupname)
        by_name = [{"name": one, "pending": int(count)} for one, count in consumers or []]
        return {"pending": pending, "min": low, "max": high, "consumers": by_name}

    def xpending_range(
        self, name: Word, groupname: Word, min: Word, max: Word, count: int, consumername: Word | None = None,
        idle: int | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """XPENDING, one by one."""
        words: list[Word] = [] if idle is None else ["IDLE", idle]
        words += [min, max, count, *([] if consumername is None else [consumername])]
        names = ("message_id", "consumer", "time_since_delivered", "times_delivered")
        found = self.execute_command("XPENDING", name, groupname, *words)
        return [dict(zip(names, one, strict=True)) for one in found]

    def xclaim(
        self, name: Word, groupname: Word, consumername: Word, min_idle_time: int, message_ids: list[Any],
        idle: int | None = None, time: int | None = None, retrycount: int | None = None, force: bool = False,
        justid: bool = False,
    ) -> list[Any]:  # fmt: skip
        """XCLAIM: the entries, or with `justid` their ids."""
        words: list[Word] = []
        for option, value in (("IDLE", idle), ("TIME", time), ("RETRYCOUNT", retrycount)):
            words += [] if value is None else [option, value]
        words += ["FORCE"] * force + ["JUSTID"] * justid
        reply = self.execute_command(
            "XCLAIM", name, groupname, consumername, min_idle_time, *message_ids, *words
        )
        return list(reply) if justid else _entries(reply)

    def xautoclaim(
        self, name: Word, groupname: Word, consumername: Word, min_idle_time: int, start_id: Word = "0-0",
        count: int | None = None, justid: bool = False,
    ) -> list[Any]:  # fmt: skip
        """XAUTOCLAIM: [where to go on, entries, ids that are gone]; with `justid` the ids alone."""
        words: list[Word] = [*_count(count), *_flag("JUSTID", justid)]
        reply = self.execute_command(
            "XAUTOCLAIM", name, groupname, consumername, min_idle_time, start_id, *words
        )
        return list(reply[1]) if justid else [reply[0], _entries(reply[1]), reply[2]]

    def xinfo_stream(self, name: Word) -> dict[str, Any]:
        """XINFO STREAM."""
        return _named(self.execute_command("XINFO", "STREAM", name))

    def xinfo_groups(self, name: Word) -> list[dict[str, Any]]:
        """XINFO GROUPS."""
        return [_named(one) for one in self.execute_command("XINFO", "GROUPS", name)]

    def xinfo_consumers(self, name: Word, groupname: Word) -> list[dict[str, Any]]:
        """XINFO CONSUMERS."""
        return [_named(one) for one in self.execute_command("XINFO", "CONSUMERS", name, groupname)]


def _trim(maxlen: int | None, minid: str | None, approximate: bool, limit: int | None) -> list[Word]:
    if maxlen is None and minid is None:
        return []
    words: list[Word] = ["MAXLEN" if minid is None else "MINID", "~" if approximate else "="]
    words.append(maxlen if minid is None and maxlen is not None else minid or "")
    if limit is not None:
        words += ["LIMIT", limit]
    return words


def _block(block: int | None) -> list[Word]:
    return [] if block is None else ["BLOCK", block]


def _flag(word: str, on: bool) -> list[Word]:
    return [word] if on else []


def _count(count: int | None) -> list[Word]:
    return [] if count is None else ["COUNT", count]


def _entries(reply: Any) -> list[Entry]:
    return [
        (entry, None if flat is None else dict(zip(flat[::2], flat[1::2], strict=True)))
        for entry, flat in reply or []
    ]


def _by_stream(reply: Any) -> list[Any]:
    return [[name, _entries(entries)] for name, entries in reply or []]


def _named(flat: list[Any]) -> dict[str, Any]:
    names = [name.decode() if isinstance(name, bytes) else name for name in flat[::2]]
    return dict(zip(names, flat[1::2], strict=True))
