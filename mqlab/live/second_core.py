"""The server's side of the process that runs workloads: started when a long one comes, let go when none has come for a while."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

import msgspec

import mqlab
from mqlab.engine.workload.row import Row
from mqlab.live import limits
from mqlab.live.runner import Wanted

ROOT = Path(mqlab.__file__).parent.parent
log = logging.getLogger(__name__)


class SecondCore:
    """One process, which does one thing at a time. Made inside the running event loop, which it belongs to."""

    def __init__(self) -> None:
        self.busy = False
        self._process: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._useless = (os.cpu_count() or 1) < 2  # on one core it would only take turns with the server

    async def run(self, system: str, workload: str) -> Row | None:
        """The row; None where it cannot be had this way: then the workload is run here."""
        if self.busy or self._useless:
            return None
        self.busy = True
        try:
            return await self._ask(Wanted(system, workload))
        except (OSError, RuntimeError, ValueError, msgspec.MsgspecError) as error:
            log.warning("workloads are run by the server itself: %s", error or type(error).__name__)
            self._useless = True
            self.close()
            return None
        finally:
            self.busy = False
            self._rest()

    async def _ask(self, wanted: Wanted) -> Row | None:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "mqlab.live.runner", cwd=ROOT, limit=limits.RUNNER_LINE_BYTES_MAX,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(wanted) + b"\n")
        line = await process.stdout.readline()
        if not line:  # it ended; it may do better the next time
            self.close()
            return None
        return msgspec.json.decode(line, type=Row)

    def _rest(self) -> None:
        """Let it go unless something comes soon."""
        if self._idle is not None:
            self._idle.cancel()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(limits.RUNNER_IDLE_S, self._let_go)

    def _let_go(self) -> None:
        if not self.busy:
            self.close()

    async def end(self) -> None:
        """Close it, and wait until it has ended."""
        process = self._process
        self.close()
        if process is not None:
            await process.wait()

    def close(self) -> None:
        """End the process: it does so itself when its input ends."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
