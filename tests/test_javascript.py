"""The browser's modules, tested by node's own runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.node import node
from tests.tree import ROOT, ours

MODULE_TESTS = [path for path in ours(".js") if path.name.endswith(".test.js")]


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
