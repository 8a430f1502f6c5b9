"""The rule book's pages: found, proved, shown."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from mqlab.engine.rules import CLAIMS, RULES
from mqlab.lab import catalogue
from mqlab.lab.models import Recording
from mqlab.lab.rules import tests as proofs
from tests import proofs as written

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
