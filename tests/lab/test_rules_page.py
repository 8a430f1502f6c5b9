"""The rule book's pages: found, proved, shown."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from mqlab.engine.rules import CLAIMS, RULES
from mqlab.lab import catalogue
from mqlab.lab.models import Recording
from mqlab.lab.rules import tests as proofs
from tests import proofs as written
from tests.lab_server import LabServer

DLX = "rabbitmq/dead-letter-missing-exchange"


def test_the_page_lists_every_rule_with_its_proofs() -> None:
    page = Client().get("/rules/").content.decode()
    for rule in RULES.values():
        assert f'id="{rule.id}"' in page
    assert "test_an_acked_message_never_comes_back" in page


def test_words_find_rules_without_a_script() -> None:
    page = Client().get("/rules/", {"q": "x-death 4.0.5"}).content.decode()
    assert 'id="rabbitmq/x-death-record"' in page
    assert 'id="rabbitmq/default-exchange"' not in page
    none = Client().get("/rules/", {"q": "<b>nothing has this</b>"}).content.decode()
    assert "No rule has all of these words" in none
    assert "<b>nothing" not in none


@pytest.mark.django_db
def test_show_me_leads_to_one_frozen_recording_for_all() -> None:
    answers = [Client().get(f"/rules/{DLX}/show") for _ in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert re.fullmatch(r"/r/show[0-9a-f]{12}#t=[\d.]+&m=[\w-]+&f=act1", answers[0]["Location"])
    row = Recording.objects.get()
    assert row.shared
    assert row.commands.count() == len(catalogue.entry(row.slug).scenario.solution)  # type: ignore[union-attr]
    page = Client().get(f"/r/{row.pk}").content.decode()
    assert "Your first act makes a copy" in page
    assert "Somebody else wrote" not in page


def test_what_no_lab_shows_is_not_found() -> None:
    assert Client().get("/rules/rabbitmq/no-such-rule/show").status_code == 404
    shown_by_test = next(rule for rule in RULES.values() if not rule.scenario)
    assert Client().get(f"/rules/{shown_by_test.id}/show").status_code == 404


def test_the_proofs_are_those_of_the_tests() -> None:
    assert written.BOOK.read_text(encoding="utf-8") == written.text(), "run python -m tests.proofs"
    assert proofs().keys() >= RULES.keys()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says)
def test_each_claim_is_answered_by_rules_and_a_lab(claim: object) -> None:
    assert claim.rules  # type: ignore[attr-defined]
    assert set(claim.rules) <= RULES.keys()  # type: ignore[attr-defined]
    if claim.scenario:  # type: ignore[attr-defined]
        assert catalogue.entry(claim.scenario) is not None  # type: ignore[attr-defined]
    else:
        assert RULES[claim.rules[0]].scenario  # type: ignore[attr-defined]


@pytest.mark.requires_chromium
def test_show_me_opens_the_lab_paused_where_the_rule_decides(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/rules/#{DLX}")
    page.get_by_role("searchbox").fill("dead-letter-missing")
    expect(page.locator(".rule:visible")).to_have_count(1)
    expect(page.locator("#found")).to_contain_text(f"1 of {len(RULES)} rules")
    page.locator(".rule:visible").get_by_role("link", name="Show me").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.get_by_role("tab", name="Story")).to_have_attribute("aria-selected", "true")
    expect(
        page.locator(f"[role=tabpanel]:visible a[href$='{DLX.replace('/', '%2F')}']").first
    ).to_be_visible()


@pytest.mark.requires_chromium
def test_a_link_to_a_rule_shows_it_whatever_is_searched_for(page: Page, server: LabServer) -> None:
    page.goto(f"{server.url}/rules/")
    page.get_by_role("searchbox").fill("alternate")
    expect(page.locator(f"[id='{DLX}']")).to_be_hidden()
    page.evaluate(f"location.hash = '{DLX}'")
    expect(page.locator(f"[id='{DLX}']")).to_be_in_viewport()
