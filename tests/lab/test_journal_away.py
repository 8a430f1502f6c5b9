"""A database that cannot be written, under a running server: nothing is called kept that is not."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from tests.lab.lab_page import SLUG, LabPage
from tests.lab_server import LabServer

S = 1_000_000


def rename(folder: Path, old: str, new: str) -> None:
    """Take a table away from under the server, or give it back."""
    database = sqlite3.connect(folder / "mqlab.sqlite3")
    database.execute(f"ALTER TABLE {old} RENAME TO {new}")
    database.close()


def test_acts_that_cannot_be_stored_are_taken_back_and_later_ones_refused(own_server: LabServer) -> None:
    page = LabPage.of(own_server, SLUG)
    page.join()
    page.act("a1", "0", S, do="publish", exchange="", routing_key="nowhere")
    assert page.hear("kept")["id"] == "a1"

    rename(own_server.data, "lab_command", "away")
    page.act("a2", "a1", 2 * S, do="publish", exchange="", routing_key="nowhere")
    assert page.hear("cut")["id"] == "a2"
    back = page.hear("cut")
    assert (back["code"], back["id"], back["future"], back["at"]) == ("not_stored", "a2", "a1", [2 * S, 0])
    page.act("a3", "a1", 3 * S, do="publish", exchange="", routing_key="nowhere")
    assert page.hear("no")["code"] == "read_only"
    page.say("go", join=0, future="a1", at=[4 * S, 0])  # looking around works
    assert [branch["id"] for branch in page.hear("scene")["tree"]] == ["a1"]

    rename(own_server.data, "away", "lab_command")
    time.sleep(1.5)
    page.act("a2", "a1", 2 * S, do="publish", exchange="", routing_key="nowhere")
    assert page.hear("kept")["id"] == "a2"
    page.close()
