"""The browser's modules, tested by node's own runner: the node that Playwright's package carries, so that
nobody needs to install one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from tests.tree import ROOT, ours

MODULE_TESTS = [path for path in ours(".js") if path.name.endswith(".test.js")]


def node() -> str:
    """The path of the node that Playwright carries."""
    return compute_driver_executable()[0]


@pytest.mark.parametrize("path", MODULE_TESTS, ids=str)
def test_the_module_keeps_its_promises(path: Path) -> None:
    result = subprocess.run(
        [node(), "--test", "--test-reporter=tap", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "\n# pass 0\n" not in result.stdout, "it tested nothing"
