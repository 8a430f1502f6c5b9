"""What a broker tells a publisher of what it published."""

from __future__ import annotations

from mqlab.engine.event import Event


class Confirmed(Event, gc=False, omit_defaults=True, tag=True):
    """The broker confirmed (or, `ok` false, nacked) publishes. Departure; arrives as ConfirmReceived."""

    of: tuple[str, ...]
    program: str
    exchange: str
    key: str
    tag: int
    arrives: int
    multiple: bool = False
    ok: bool = True


class ConfirmReceived(Event, gc=False, omit_defaults=True, tag=True):
    """A confirm reached the publisher."""

    of: tuple[str, ...]
    program: str
    ok: bool = True


class Returned(Event, gc=False, omit_defaults=True, tag=True):
    """The broker sent an unroutable mandatory message back. Departure; arrives as ReturnReceived."""

    of: tuple[str, ...]
    program: str
    exchange: str
    key: str
    code: int
    text: str
    arrives: int


class ReturnReceived(Event, gc=False, omit_defaults=True, tag=True):
    """A returned message reached its publisher."""

    of: tuple[str, ...]
    program: str
