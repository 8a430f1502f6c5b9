"""Who somebody is, without an account: a random name in their Django session. It outlives a change of the
session key."""

from __future__ import annotations

import secrets
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import parse_cookie

_KEY = "owner"


def owner_of(session: SessionBase) -> str:
    """The name; made on the first ask."""
    owner: str | None = session.get(_KEY)
    if owner is None:
        owner = session[_KEY] = secrets.token_hex(16)
    return owner


def owner_in_cookies(header: str) -> str | None:
    """The name behind a Cookie header, as a socket's handshake carries it; None without a valid session.
    Reads the session store, so it is called outside the event loop."""
    key = parse_cookie(header).get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    owner: str | None = store.get(_KEY)
    return owner
