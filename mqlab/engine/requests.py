"""What every client can ask of every broker, whatever they speak."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class Request(msgspec.Struct, kw_only=True):
    """Something a client asks of a broker. `lost_as` says what falls when it is lost on its way (see events.Lost)."""

    lost_as: ClassVar[str] = "request"


class ConnectionClose(Request):
    """The client ends its connection, or died and its socket says so."""

    lost_as: ClassVar[str] = "close"
