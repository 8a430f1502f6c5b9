"""What every event has: when, its own name, what led to it, and the rule by which a broker decided."""

from __future__ import annotations

import msgspec


class Last(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True, tag_field="kind", tag=True):
    """Carries the mark of the last event of one action; only there is the picture whole."""

    last: bool = False


class Event(Last, gc=False, omit_defaults=True, tag=True):
    """The four fields of every event: virtual time in µs, own name, cause, and rule ("" where nobody decided)."""

    t: int
    name: str
    cause: str
    rule: str
