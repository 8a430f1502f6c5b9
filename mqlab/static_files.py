"""Static files: collected under names that carry their hash when one of them has changed, and served by
WhiteNoise before Django is asked, on the event loop: no thread and no database session for a style sheet."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from django import VERSION
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise import WhiteNoise
from whitenoise.storage import CompressedManifestStaticFilesStorage

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HASHED = r"\.[0-9a-f]{12}\.[a-z0-9]+$"


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Hashed names also inside `import` statements, so that a browser may keep every file for good."""

    max_post_process_passes = (
        20  # a module's name holds its content, so one pass for each link of the longest chain of imports
    )

    support_js_module_import_aggregation = True
    keep_only_hashed_files = True


def collect_if_changed() -> bool:
    """Collect into STATIC_ROOT unless exactly these files were collected there last; whether it was needed.

    The stamp is written last, so that a crash in between means collecting again. Files of an earlier version
    stay: a page that is open still asks for them. Raises OSError where the folder cannot be written."""
    root = Path(settings.STATIC_ROOT)
    stamp = root.with_name(f"{root.name}.collected")  # beside it: everything inside is served
    wanted = _fingerprint()
    manifest = root / "staticfiles.json"
    if manifest.exists() and stamp.exists() and stamp.read_text() == wanted:
        return False
    root.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    manifest.unlink(missing_ok=True)  # half a manifest would be an error, none is a beginning
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted)
    return True


def _fingerprint() -> str:
    """Changes when a file is added, removed or edited, or when what names them does."""
    seen = hashlib.sha256(f"{VERSION} {Path(__file__).stat().st_mtime_ns}".encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            seen.update(f"\n{name} {status.st_size} {status.st_mtime_ns}".encode())
    return seen.hexdigest()


class StaticFiles:
    """An ASGI application that answers for the files in STATIC_ROOT and passes everything else on."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._files: WhiteNoise | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(settings.STATIC_URL):
            await self._application(scope, receive, send)
            return
        if self._files is None:  # not earlier: they may be collected after this module was imported
            self._files = _read_names()
        found = self._files.files.get(scope["path"])
        if found is None:
            await self._application(scope, receive, send)
            return
        answer = found.get_response(scope["method"], _as_environ(scope["headers"]))
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers
        ]
        body = b""
        if answer.file is not None:
            with answer.file as file:
                body = file.read()
        await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _read_names() -> WhiteNoise:
    return WhiteNoise(
        None,
        root=settings.STATIC_ROOT,
        prefix=settings.STATIC_URL,
        allow_all_origins=False,
        add_headers_function=_add_headers,
        immutable_file_test=HASHED,
    )


def _add_headers(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def _as_environ(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The request's headers under the names that WhiteNoise, made for WSGI, looks for."""
    return {
        "HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
        for name, value in headers
    }
