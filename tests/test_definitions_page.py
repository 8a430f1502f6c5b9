"""What the *Code* page shows of a broker as a whole, in a real browser, and the files that it gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page

from mqlab.engine.brokers.rabbitmq.definitions import from_definitions
from tests.lab_server import LabServer

pytestmark = pytest.mark.requires_chromium


def test_the_code_page_gives_what_the_broker_holds_as_two_files(
    page: Page, server: LabServer, tmp_path: Path
) -> None:
    page.goto(f"{server.url}/lab/who-gets-order-eu-paid/")
    page.get_by_role("tab", name="Code").click()
    kept = {}
    for title in ("Python, pika", "definitions.json, for rabbitmqctl import_definitions"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download: {title}").click()
        kept[download.value.suggested_filename] = Path(download.value.path()).read_text(encoding="utf-8")
    assert set(kept) == {"rabbit.py", "definitions.json"}
    compile(kept["rabbit.py"], "rabbit.py", "exec")
    assert json.loads(kept["definitions.json"])["queues"]
    assert from_definitions(kept["definitions.json"]).left_out == []
