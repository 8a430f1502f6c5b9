"""How much time a recorder took for each step, which the model lets pass too."""

from __future__ import annotations

from typing import NamedTuple


class Times(NamedTuple):
    """How long the recorder took, in virtual ms: to listen after a step, and more for a close and for a restart."""

    listen_ms: int
    close_ms: int
    restart_ms: int


RECORDED = Times(75, 100, 1000)
ONLY_WAITS = Times(0, 0, 0)
"""Of a recorder that waits for what a step causes, and not for time to pass."""
