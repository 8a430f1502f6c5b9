"""A process beside the server that runs workloads on another core: one a line, answered with its row. It ends when its input
does, so it never outlives the server, however that ends.

python -m mqlab.live.runner
"""

from __future__ import annotations

import sys

import msgspec

from mqlab.engine.recording import run
from mqlab.engine.workload import read, system
from mqlab.engine.workload.run import run as headless
from mqlab.engine.workload.text import pairs


class Wanted(msgspec.Struct):
    """A workload, as an address has it, on the system of this id."""

    system: str
    workload: str


def main() -> None:
    """Answer line by line. What goes wrong ends it: who asked runs the workload itself, and tells."""
    for line in sys.stdin.buffer:
        wanted = msgspec.json.decode(line, type=Wanted)
        one = system(wanted.system)
        assert one is not None
        row = run(headless(one, read(pairs(wanted.workload))))
        sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
