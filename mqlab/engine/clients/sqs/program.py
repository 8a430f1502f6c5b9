"""What every simulated program that talks to SQS can do."""

from __future__ import annotations

from mqlab.engine.clients.program import Program
from mqlab.engine.clients.sqs.client import SqsClient
from mqlab.engine.commands import Illegal
from mqlab.engine.events import Crashed, Stopped


class SqsProgram(Program, SqsClient):
    """A program that asks over HTTP: when it dies SQS does not notice, and what it holds stays in flight."""

    def _end(self, kind: type[Crashed] | type[Stopped], cause: str) -> str:
        name = super()._end(kind, cause)
        self.broker.disown(self.name)
        return name

    def abort(self, cause: str) -> None:
        """There is no connection that could break between two requests."""
        raise Illegal(
            "bad_command",
            f"{self.name} asks SQS over HTTP, request by request: no connection is there to break. Crash it.",
        )
