"""What every program of a scenario file says of itself, whatever broker it talks to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import msgspec


class There(Protocol):
    """What there is at a broker that a program may name: the broker's part of a file, or the running broker itself."""

    @property
    def publish_to(self) -> Sequence[str]:
        """What may be published to."""

    @property
    def consume_from(self) -> Sequence[str]:
        """What may be consumed from."""


class ProgramSpec(msgspec.Struct, frozen=True):
    """Base of all. `kind`: the word of the file; `broker`: the name of the one it talks to."""

    kind: ClassVar[str] = "program"
    publishes: ClassVar[Any] = False
    """Whether messages are named after its programs."""
    broker: str

    @property
    def said(self) -> str:
        """What its programs are, in words."""
        return f"a {self.kind}"

    def names(self, role: str) -> list[str]:
        """The names of its programs: the role's own."""
        return [role]

    def declares(self, what: str) -> list[str]:
        """The names that its programs may give to what they declare (`queue`, `exchange`…)."""
        return []

    def uses(self) -> list[str]:
        """What of the broker's its programs name: to publish to, or to consume from."""
        return []

    def feeds(self, broker: Any) -> list[str]:
        """The nodes of the picture to which its programs have a line of their own."""
        return []

    def plain(self) -> dict[str, Any]:
        """As the file has it, with every default: the subclass adds the rest."""
        return {"kind": self.kind, "broker": self.broker}
