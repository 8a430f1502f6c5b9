"""The page that compares: 10,000 messages on every system there is, through a server as a user starts it.

The wall time is that of the page, from the request to its last byte; the memory is the most that the server ever held, together
with the process beside it that runs long workloads.
"""

from __future__ import annotations

import re
import tempfile
import time
import urllib.request
from pathlib import Path

from bench.figure import Figure
from bench.live import serving

WORKLOAD = "messages=10000&rate=500&consumers=4&service=2&batch=10&network=rack&seconds=60"
RUNS = 3


def figures() -> list[Figure]:
    """Wall time and server memory, each the middle of three servers."""
    taken = sorted(_measure() for _ in range(RUNS))
    wall, systems = taken[RUNS // 2][0], taken[0][2]
    memory = sorted(one[1] for one in taken)[RUNS // 2]
    name = f"compare page, 10,000 messages on all {systems} systems"
    return [
        Figure(f"{name}: wall", wall, "s", 5.0, 1.5),
        Figure(f"{name}: server memory", memory, "MB", 300, 150),
    ]


def _measure() -> tuple[float, float, int]:
    """Wall time (s), the server's peak memory (MB), and how many systems stand in the table."""
    with tempfile.TemporaryDirectory() as folder, serving(folder, pinned=False) as (address, process):
        _get(f"{address}/lab/compare/?messages=10&go=1")  # what is read at the first use
        began = time.perf_counter()
        page = _get(f"{address}/lab/compare/?{WORKLOAD}&go=1")
        wall = time.perf_counter() - began
        rows = re.findall(r"<tr data-system=", page)
        assert len(rows) > 1, page[:2_000]
        assert page.count("of 10,000</td>") == len(rows)
        beside = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return wall, sum(_peak_mb(one) for one in (process, *map(int, beside))), len(rows)


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=120) as answer:
        return str(answer.read().decode())


def _peak_mb(process: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1]) / 1_024
