"""One lab that a whole school watches: from the owner's act to the last viewer's cut, and how far the viewers'
playheads are apart.

The server is the product as a user starts it, held to one core; the room runs on the other (bench/room.js)."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import Any

from playwright._impl._driver import compute_driver_executable

from bench.figure import Figure
from bench.live import LOAD_CORE, ROOT, prepare, serving

VIEWERS, FOLLOWERS = 400, 200
ACTS, ACT_EVERY_MS = 40, 2_000  # a teacher who is busy
WARM_MS, WATCH_MS = 10_000, 20_000


def measure(viewers: int, **options: int) -> dict[str, Any]:
    """Fill a room with so many beside its owner, on a fresh server; what bench/room.js says of it."""
    with tempfile.TemporaryDirectory() as folder, serving(folder) as (address, _):
        sessions = prepare(folder, viewers + 1)
        asked = {
            "url": address.replace("http", "ws") + "/ws/lab/",
            "origin": address,
            "recording": sessions[0][0],
            "cookies": [cookie for _, cookie in sessions],
            **options,
        }
        done = subprocess.run(
            ["taskset", "-c", str(LOAD_CORE), compute_driver_executable()[0], "bench/room.js"],
            cwd=ROOT,
            env=os.environ | {"NODE_NO_WARNINGS": "1"},
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
        )
        said: dict[str, Any] = json.loads(done.stdout)
        return said


def figures() -> list[Figure]:
    """Both; takes about three minutes."""
    acting = measure(VIEWERS, acts=ACTS, act_every_ms=ACT_EVERY_MS, warm_ms=WARM_MS, watch_ms=0)
    following = measure(FOLLOWERS, acts=0, act_every_ms=0, warm_ms=WARM_MS, watch_ms=WATCH_MS)
    found = []
    for name, said, what, must, after in (
        (f"act → last of {VIEWERS} viewers has the cut, p99", acting, "last", 100.0, 50.0),
        (f"{FOLLOWERS} viewers' playheads apart, p99", following, "apart", 150.0, 80.0),
    ):
        note = f"p50 {said[what][0]:.1f}"
        if said["refused"]:
            note += f", refused {said['refused']}"
        found.append(Figure(name, said[what][1], "ms", must, after, note=note))
    return found
