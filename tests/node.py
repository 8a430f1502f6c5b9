"""The node that Playwright's package carries, so that nobody needs to install one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable

from playwright._impl._driver import compute_driver_executable

from tests.tree import ROOT


def node() -> str:
    """Its path."""
    return compute_driver_executable()[0]


def answers(script: str, asked: Iterable[bytes]) -> list[bytes]:
    """A line of output for each line of input, in one run of a script. Raises AssertionError with what it complained of."""
    done = subprocess.run(
        [node(), script],
        cwd=ROOT,
        input=b"".join(one + b"\n" for one in asked),
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.splitlines()
