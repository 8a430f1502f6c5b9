"""The product as a user starts it: a `manage.py lab` of its own, with a folder of its own, on loopback."""

from __future__ import annotations

import atexit
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY_S_MAX = 30.0
ADDRESS = re.compile(r"http://(127\.0\.0\.[12]):(\d+)/")
RESERVED = ExitStack()
atexit.register(RESERVED.close)


class LabServer:
    """A server process that can be killed and started again, on the same port and the same data."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.host = environment.get("MQLAB_LAN_ADDRESS", "127.0.0.1")
        self.port = reserved_port(self.host)
        self.environment = {**clean_environment(), "MQLAB_DATA": str(data), **environment}
        self.process: subprocess.Popen[bytes] | None = None
        self._log = data.parent / f"{data.name}.log"

    @property
    def url(self) -> str:
        """The site's address, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        """What the server has printed so far, in all its lives."""
        return self._log.read_text(errors="replace")

    def start(self) -> LabServer:
        """Start, and come back when it listens. Raises AssertionError with its output where it does not."""
        begin = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "lab", "--no-browser", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + READY_S_MAX
        while time.monotonic() < until and self.process.poll() is None:
            found = ADDRESS.search(self.log[begin:])
            if found:
                self.host, self.port = found[1], int(found[2])
                return self
            time.sleep(0.02)
        raise AssertionError(f"the server did not start:\n{self.log}")

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self, with_signal: int = signal.SIGTERM) -> float:
        """Ask it to end; the seconds that took. Raises TimeoutExpired after 10."""
        assert self.process is not None
        asked = time.monotonic()
        self.process.send_signal(with_signal)
        self.process.wait(10)
        return time.monotonic() - asked


def reserved_port(host: str) -> int:
    """A free port that only a server of this process's listens on, between its lives too: other tests run meanwhile. A socket
    that is bound and does not listen keeps it. Where that is not so, 0: any free one, and from then on that one."""
    if sys.platform != "linux":
        return 0
    holder = RESERVED.enter_context(socket.socket())
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((host, 0))
    port: int = holder.getsockname()[1]
    return port


def lab(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One run of `manage.py lab` that is to end by itself."""
    return subprocess.run(
        [sys.executable, "manage.py", "lab", "--no-browser", *options],
        cwd=ROOT,
        env={**clean_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


def clean_environment() -> dict[str, str]:
    """This process's environment without mqlab's variables: a test says itself which ones it means."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("MQLAB_", "DJANGO_"))
    } | {"PYTHONUNBUFFERED": "1"}
