"""Alice has recordings, Bob has others; the gallery holds two scenarios of the tests' own and one that is
broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tests.live.browser import SCENARIO

HOSTILE = '<script>alert(1)</script><svg onload=alert(2)> \u202eevil & "quoted"'


@pytest.fixture
def scenarios(tmp_path: Path, settings: Settings) -> Path:
    """A gallery: two-workers, hostile (markup in every text), broken (left out)."""
    import json

    (tmp_path / "two-workers.yaml").write_text(SCENARIO)
    hostile = SCENARIO.replace("title: Two workers", f"title: {json.dumps(HOSTILE)}")
    (tmp_path / "hostile.yaml").write_text(
        hostile.replace("about: One queue, two workers.", f"about: {json.dumps(HOSTILE)}")
    )
    (tmp_path / "broken.yaml").write_text("format: 1\ntitel: nothing\n")
    settings.SCENARIOS_DIR = tmp_path
    return tmp_path


@pytest.fixture
def alice(db: None, scenarios: Path) -> Client:
    """A browser with cookies of its own, and CSRF checked."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def bob(db: None, scenarios: Path) -> Client:
    """Another one."""
    return Client(enforce_csrf_checks=True)
