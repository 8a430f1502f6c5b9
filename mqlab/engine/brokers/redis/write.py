"""XADD, XDEL, XTRIM, XLEN: what makes a stream longer, and what makes it shorter (an ack does not)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mqlab.engine.brokers.redis import errors, told
from mqlab.engine.brokers.redis.arguments import (
    BIGGEST,
    ID,
    LAST,
    ZERO,
    after,
    integer,
    shown,
    strict_id,
    text,
)
from mqlab.engine.brokers.redis.errors import Refused, refuse
from mqlab.engine.brokers.redis.keys import stream_at
from mqlab.engine.brokers.redis.pubsub import published
from mqlab.engine.brokers.redis.resp import OK
from mqlab.engine.brokers.redis.stream import Entry, Stream

if TYPE_CHECKING:
    from mqlab.engine.brokers.redis.broker import Redis
    from mqlab.engine.brokers.redis.client import Client
    from mqlab.engine.message import Message

SMALLER = "ERR The ID specified in XADD is equal or smaller than the target stream top item"


class Trim(msgspec.Struct):
    """MAXLEN or MINID, with `~` (whole nodes only) or exactly; LIMIT is how many entries at most, 0: as many as there are."""

    by: str = ""
    maxlen: int = 0
    minid: ID = ZERO
    approx: bool = False
    limit: int = -1


class Wanted(msgspec.Struct):
    """Which id an entry is to have. `seq` -1: the next; `ms` -1: now."""

    ms: int = -1
    seq: int = -1


def parse(broker: Redis, argv: tuple[bytes, ...], xadd: bool) -> tuple[Trim, bool, Wanted, int]:
    """The options of XADD or XTRIM: trim, nomkstream, the id, and where the fields begin. Raises Refused."""
    trim, nomkstream, wanted = Trim(), False, Wanted()
    at = 2
    while at < len(argv):
        word = argv[at].lower()
        more = len(argv) - 1 - at
        if xadd and word == b"*":
            break
        if word in (b"maxlen", b"minid") and more:
            if trim.by:
                raise refuse("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
            trim.approx = False
            if more >= 2 and argv[at + 1] in (b"~", b"="):
                trim.approx = argv[at + 1] == b"~"
                at += 1
            if word == b"maxlen":
                trim.maxlen = integer(argv[at + 1])
                if trim.maxlen < 0:
                    raise refuse("ERR The MAXLEN argument must be >= 0.")
            else:
                trim.minid = strict_id(argv[at + 1])
            trim.by = text(word)
            at += 1
        elif word == b"limit" and more:
            trim.limit = integer(argv[at + 1])
            if trim.limit < 0:
                raise refuse("ERR The LIMIT argument must be >= 0.")
            at += 1
        elif xadd and word == b"nomkstream":
            nomkstream = True
        elif xadd:
            wanted = _wanted(argv[at])
            break
        else:
            raise Refused(errors.SYNTAX)
        at += 1
    if trim.limit > 0 and not trim.by:
        raise refuse("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
    if not xadd and not trim.by:
        raise refuse("ERR syntax error, XTRIM must be called with a trimming strategy")
    if trim.by:
        if trim.approx and trim.limit < 0:
            trim.limit = 100 * broker.node_entries or 10_000
        elif not trim.approx:
            if trim.limit >= 0:
                raise refuse("ERR syntax error, LIMIT cannot be used without the special ~ option")
            trim.limit = 0
    return trim, nomkstream, wanted, at + 1


def _wanted(word: bytes) -> Wanted:
    if word.endswith(b"-*"):
        return Wanted(strict_id(word[:-2])[0] if b"-" not in word[:-2] else _bad())
    return Wanted(*strict_id(word))


def _bad() -> int:
    raise Refused(errors.INVALID_ID)


PARSED_MAX = 1_000
PLAIN = (Trim(), False, Wanted(), 3)
"""XADD key * …, without options."""


def parsed(broker: Redis, argv: tuple[bytes, ...]) -> tuple[Trim, bool, Wanted, int]:
    """The options of an XADD, remembered where it is of the usual form: … * field value."""
    if argv[-3] != b"*":
        return parse(broker, argv, True)
    head = argv[2:-2]
    found = broker.parsed.get(head)
    if found is None:
        found = parse(broker, argv, True)
        if found[3] == len(argv) - 2:
            if len(broker.parsed) >= PARSED_MAX:
                broker.parsed.clear()
            broker.parsed[head] = found
    return found


def add(
    broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str, message: Message | None = None
) -> Any:
    """XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] <* | id> field value…: the entry's id."""
    trim, nomkstream, wanted, at = PLAIN if argv[2] == b"*" else parsed(broker, argv)
    fields = argv[at:]
    if len(fields) < 2 or len(fields) % 2:
        raise Refused(errors.arguments("xadd"))
    if wanted.ms == 0 and wanted.seq == 0:
        raise refuse("ERR The ID specified in XADD must be greater than 0-0", "redis/ids-grow")
    key = argv[1]
    stream = stream_at(broker, client, key)
    if stream is None and nomkstream:
        return None
    if stream is None:
        stream = broker.add_stream(client.db, key, cause)
    if stream.last == LAST:
        raise refuse("ERR The stream has exhausted the last possible ID, unable to add more items")
    entry_id = _next(broker, stream, wanted)
    word = shown(entry_id)
    if message is None:
        body = fields[1] if len(fields) == 2 else b" ".join(fields)
        cause, message = published(broker, client, stream.label, word.decode(), body, cause)
    entry = Entry(entry_id, fields, message)
    stream.append(entry)
    cause = told.appended(broker, stream, entry, word, cause)
    if trim.by and may_cut(stream, trim):
        told.trimmed(broker, stream, cut(stream, trim), trim.by, cause, trim.approx)
    broker.touch(client.db, key)
    broker.signal(client.db, key, cause)
    return word


def _next(broker: Redis, stream: Stream, wanted: Wanted) -> ID:
    """The id of a new entry: greater than any before. Raises Refused. [rule 8]"""
    last = stream.last
    if wanted.ms < 0:
        now = broker.epoch_ms + broker.world.now // 1000
        return (now, 0) if now > last[0] else after(last)
    if wanted.seq < 0:
        if wanted.ms < last[0] or (wanted.ms == last[0] and last[1] == BIGGEST):
            raise refuse(SMALLER, "redis/ids-grow")
        return after(last) if wanted.ms == last[0] else (wanted.ms, 0)
    entry_id = (wanted.ms, wanted.seq)
    if entry_id <= last:
        raise refuse(SMALLER, "redis/ids-grow")
    return entry_id


def may_cut(stream: Stream, trim: Trim) -> bool:
    """Whether there may be something to cut: most entries that are added change nothing."""
    if trim.by != "maxlen":
        return True
    least = trim.maxlen + len(stream.nodes[0].entries) if trim.approx else trim.maxlen + 1
    return stream.length >= least


def cut(stream: Stream, trim: Trim) -> list[Entry]:
    """Take entries from the beginning as Redis's streamTrim does; returns them."""
    gone: list[Entry] = []
    nodes = stream.nodes
    whole = 0
    for node in nodes:
        count = len(node.entries)
        if trim.by == "maxlen" and stream.length <= trim.maxlen:
            break
        if trim.limit and len(gone) + count > trim.limit:
            break
        over = stream.length - count >= trim.maxlen if trim.by == "maxlen" else node.last < trim.minid
        if over:
            whole += 1
            stream.length -= count
            gone += node.entries
            continue
        if not trim.approx:
            taken = (
                stream.length - trim.maxlen
                if trim.by == "maxlen"
                else sum(entry.id < trim.minid for entry in node.entries)
            )
            gone += node.entries[:taken]
            del node.entries[:taken]
            stream.length -= taken
            if not node.entries:
                whole += 1
        break
    del nodes[:whole]
    return gone


def trim_(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count]: how many are gone."""
    trim, _, _, _ = parse(broker, argv, False)
    stream = stream_at(broker, client, argv[1])
    if stream is None:
        return 0
    gone = cut(stream, trim)
    told.trimmed(broker, stream, gone, trim.by, cause, trim.approx)
    if gone:
        broker.touch(client.db, argv[1])
    return len(gone)


def delete(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XDEL key id…: how many there were."""
    stream = stream_at(broker, client, argv[1])
    if stream is None:
        return 0
    ids = [strict_id(word) for word in argv[2:]]
    gone = [entry for entry_id in ids if (entry := stream.remove(entry_id)) is not None]
    told.trimmed(broker, stream, gone, "deleted", cause)
    if gone:
        broker.touch(client.db, argv[1])
    return len(gone)


def length(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XLEN key: entries, whoever has read or acked them."""
    stream = stream_at(broker, client, argv[1])
    return 0 if stream is None else stream.length


def set_id(broker: Redis, client: Client, argv: tuple[bytes, ...], cause: str) -> Any:
    """XSETID key id [ENTRIESADDED n] [MAXDELETEDID id]."""
    last, added, deleted = strict_id(argv[2]), -1, ZERO
    options = argv[3:]
    while options:
        word = options[0].lower()
        if word == b"entriesadded" and len(options) > 1:
            added = integer(options[1])
            if added < 0:
                raise refuse("ERR entries_added must be positive")
        elif word == b"maxdeletedid" and len(options) > 1:
            deleted = strict_id(options[1])
            if last < deleted:
                raise refuse(
                    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
                )
        else:
            raise Refused(errors.SYNTAX)
        options = options[2:]
    stream = stream_at(broker, client, argv[1])
    if stream is None:
        raise Refused(errors.NO_SUCH_KEY)
    if last < stream.deleted and not broker.seven:
        raise refuse("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
    if stream.length:
        if last < stream.last_valid:
            raise refuse("ERR The ID specified in XSETID is smaller than the target stream top item")
        if 0 <= added < stream.length:
            raise refuse("ERR The entries_added specified in XSETID is smaller than the target stream length")
    stream.last = last
    stream.added = added if added >= 0 else stream.added
    stream.deleted = deleted if deleted != ZERO else stream.deleted
    broker.touch(client.db, argv[1])
    return OK
