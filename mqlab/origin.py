"""Who may open a socket: a page of this very site. Browsers send a socket's cookies along whichever page asks
for it, so the origin is compared whole: scheme, host and port."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

DEFAULT_PORTS = {"http": 80, "https": 443}


class SameOrigin:
    """Refuses (403, before the handshake is done) sockets that another site's page opens, or none."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_same_origin(scope):
            await self.application(scope, receive, send)
        else:
            await receive()  # websocket.connect
            await send({"type": "websocket.close", "code": 4403})


def is_same_origin(scope: Scope) -> bool:
    """Whether the one Origin header names the same scheme, host and port as the one Host header, and that
    host is ours. A missing Origin, `null`, or two of them are not."""
    origins = [value for name, value in scope["headers"] if name == b"origin"]
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(origins) != 1 or len(hosts) != 1:
        return False
    host = hosts[0].decode("latin-1")
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    secure = settings.PRODUCTION or scope.get("scheme") == "wss"
    ours = _whole(f"{'https' if secure else 'http'}://{host}")
    return ours is not None and _whole(origins[0].decode("latin-1")) == ours


def _whole(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host, port; None for what is no origin at all."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    if parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname, DEFAULT_PORTS[parts.scheme] if port is None else port
