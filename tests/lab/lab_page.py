"""A lab's page without a browser: what it loads over HTTP, and its socket, on the real server."""

from __future__ import annotations

import http.client
import json
import re
import time
from contextlib import ExitStack
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.lab_server import ROOT, LabServer
from tests.live.browser import Message, read

SLUG = min((ROOT / "fixtures" / "scenarios").glob("*.yaml")).stem  # any scenario of the gallery will do


def open_page(server: LabServer, path: str, cookie: str = "") -> tuple[str, str]:
    """GET a page; its text, and the session cookie that it set (or the one given)."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        response = connection.getresponse()
        text = response.read().decode()
        assert response.status == 200, text
        found = re.search(r"mqlab_session=[^;]+", " ".join(response.headers.get_all("Set-Cookie", [])))
        return text, found[0] if found else cookie
    finally:
        connection.close()


class LabPage:
    """A page of a lab with its socket: joined, and ready to act."""

    def __init__(self, server: LabServer, cookie: str, recording: str) -> None:
        self.server = server
        self.cookie = cookie
        self.recording = recording
        self.frames: list[Message] = []
        self._stack = ExitStack()
        self.socket: ClientConnection = self._stack.enter_context(
            connect(
                f"ws://127.0.0.1:{server.port}/ws/lab/",
                origin=server.url,  # type: ignore[arg-type]
                additional_headers={"Cookie": cookie},
                compression=None,
                max_size=None,
            )
        )

    @classmethod
    def of(cls, server: LabServer, slug: str, cookie: str = "") -> LabPage:
        """Open a scenario's page, then the socket."""
        html, cookie = open_page(server, f"/lab/{slug}/", cookie)
        found = re.search(r"""["'/]([a-z2-7]{16})["'/]""", html)
        assert found, "the page names its recording"
        return cls(server, cookie, found[1])

    def say(self, op: str, **fields: Any) -> None:
        """Send a message, as a browser writes JSON."""
        self.socket.send(json.dumps({"op": op, **fields}, ensure_ascii=False))

    def hear(self, op: str, timeout_s: float = 10) -> Message:
        """The next frame of this kind; others before it are kept in `frames`."""
        end = time.monotonic() + timeout_s
        while True:
            frame = read(self.socket.recv(timeout=max(0.0, end - time.monotonic())))
            self.frames.append(frame)
            if frame["op"] == op:
                return frame
            assert frame["op"] != "bye", frame

    def join(self, **fields: Any) -> Message:
        """Join as number 0; the scene."""
        self.say("join", join=0, recording=self.recording, **fields)
        return self.hear("scene")

    def act(self, id: str, future: str, t: int, **command: Any) -> None:
        """Send an act, without waiting for its cut."""
        self.say("do", join=0, id=id, future=future, at=[t, 0], command=command)

    def close(self) -> None:
        """Close the socket."""
        self._stack.close()
