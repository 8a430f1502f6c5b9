"""The product as a real process, for tests that talk to it over real sockets and end it the hard way."""

from __future__ import annotations

import http.client
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.live.browser import Message, read

ROOT = Path(__file__).resolve().parents[2]
SLUG = min((ROOT / "fixtures" / "scenarios").glob("*.yaml")).stem  # any scenario of the gallery will do
START_S = 20


class Server:
    """`manage.py lab` on a data folder of its own; started again, it finds what it kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        """As the browser's Origin has it."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        """Start, on the port it had before if there was one; returns when it serves."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MQLAB_")}
        command = [sys.executable, "manage.py", "lab", "--no-browser", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ | {"MQLAB_DATA": str(self.folder)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], START_S)
        line = self._process.stdout.readline() if ready else ""
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert found, f"the server said {line!r}"
        self.port = int(found[1])
        return self

    def kill(self) -> None:
        """kill -9: no chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self._process is not None:
            self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def open(self, path: str, cookie: str = "") -> tuple[str, str]:
        """GET a page; its text, and the session cookie that it set (or the one given)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            response = connection.getresponse()
            page = response.read().decode()
            assert response.status == 200, page
            found = re.search(r"mqlab_session=[^;]+", " ".join(response.headers.get_all("Set-Cookie", [])))
            return page, found[0] if found else cookie
        finally:
            connection.close()


class Page:
    """A page of a lab with its socket: joined, and ready to act."""

    def __init__(self, server: Server, cookie: str, recording: str) -> None:
        self.server = server
        self.cookie = cookie
        self.recording = recording
        self.frames: list[Message] = []
        self._stack = ExitStack()
        self.socket: ClientConnection = self._stack.enter_context(
            connect(
                f"ws://127.0.0.1:{server.port}/ws/lab/",
                origin=server.address,  # type: ignore[arg-type]
                additional_headers={"Cookie": cookie},
                compression=None,
                max_size=None,
            )
        )

    @classmethod
    def of(cls, server: Server, slug: str, cookie: str = "") -> Page:
        """Open a scenario's page, then the socket."""
        html, cookie = server.open(f"/lab/{slug}/", cookie)
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
