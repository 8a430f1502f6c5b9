"""The page that compares, without a script: what it shows, what it refuses, and where its cells lead."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client

from mqlab.engine.workload import stored, systems
from mqlab.engine.workload.questions import questions
from mqlab.lab.models import Command, Recording
from mqlab.live import limits

SMALL = "messages=20&rate=10&seconds=20"


def text(response: HttpResponse) -> str:
    return response.content.decode()


def rows(page: str) -> list[str]:
    return re.findall(r'<tr data-system="([a-z-]+)">', page)


def test_the_page_shows_questions_and_a_form_and_runs_nothing(alice: Client) -> None:
    response = alice.get("/lab/compare/")
    page = text(response)
    assert response.status_code == 200
    for one in questions():
        assert f"?ask={one.slug}" in page
    assert 'name="messages" value="100"' in page
    assert rows(page) == []


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_the_page_rejects_the_wrong_method(db: None, method: str) -> None:
    client = Client()
    assert getattr(client, method)("/lab/compare/").status_code == 405
    assert getattr(client, method)("/lab/compare/rabbitmq-classic/").status_code == 405
    assert client.get("/lab/compare/recordings").status_code == 405


def test_the_gallery_and_every_page_lead_to_it(alice: Client) -> None:
    assert 'href="/lab/compare/"' in text(alice.get("/lab/"))
    assert 'href="/lab/compare/"' in text(alice.get("/lab/two-workers/"))


def test_a_workload_in_the_address_is_run_on_every_system(alice: Client) -> None:
    page = text(alice.get(f"/lab/compare/?{SMALL}&go=1"))
    assert rows(page) == [one.id for one in systems()]
    assert page.count("of 20</td>") == len(systems())
    assert 'name="messages" value="20"' in page


def test_the_form_leads_to_the_short_address_of_its_workload(alice: Client) -> None:
    fields = {"messages": "20", "rate": "10.0", "seconds": "20", "seed": "7", "shape": "random", "what": ["crash", ""],
              "when": ["5", ""], "worker": ["2", ""], "lasts": ["", ""], "times": ["", ""]}  # fmt: skip
    response = alice.get("/lab/compare/", fields)
    assert response.status_code == 302
    assert response["Location"] == "/lab/compare/?messages=20&rate=10&seconds=20&fail=crash@5,worker:2&go=1"


@pytest.mark.parametrize("kind", ["crash", "slow", "restart", "poison", "twice"])
def test_a_row_of_the_form_is_what_it_is_when_the_page_shows_it_again(alice: Client, kind: str) -> None:
    first = alice.get(f"/lab/compare/?fail={kind}@5")
    chosen = re.findall(r'<option value="([a-z]*)" selected', text(first).partition("What goes wrong")[2])
    assert chosen == [kind, "", ""]
    inputs = {
        name: re.findall(rf'<input name="{name}" value="([^"]*)"', text(first))
        for name in ("when", "worker", "lasts", "times")
    }
    again = alice.get("/lab/compare/", {"what": chosen, **inputs})
    assert again["Location"] == f"/lab/compare/?fail={kind}@5&go=1"


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("messages=0", "messages", "The number of messages is from 1 to 10,000; 0 is not."),
        ("messages=ten", "messages", "is a number such as 20"),
        ("rate=100000", "rate", "from 0.1 to 1,000"),
        ("messages=9000&rate=1", "seconds", "Watch longer, or send faster or fewer."),
        ("what=crash&when=&worker=&lasts=&times=", "at", "The moment (s) is a number"),
        ("what=crash&when=5&worker=9&lasts=&times=", "worker", "from 1 to 2"),
        ("what=crash", "at", "The moment (s) is a number"),
        ("what=explode&when=5", "fail", "What goes wrong is one of crash, slow, restart, poison, twice"),
        ("fail=crash@5,for:x", "for", "is a number"),
        ("colour=red", "colour", "A workload has no “colour”"),
    ],
)
def test_what_cannot_be_is_told_and_the_form_keeps_what_was_typed(
    alice: Client, query: str, field: str, says: str
) -> None:
    response = alice.get(f"/lab/compare/?{query}")
    assert response.status_code == 400
    page = text(response)
    assert says in page.replace("&quot;", '"')
    assert 'role="alert"' in page
    name = {"at": "when", "for": "lasts"}.get(field, field)
    if f'name="{name}"' in page and "fail=" not in query:
        assert re.search(rf'name="{name}"[^>]*aria-invalid="true"', page)
    typed = parse_qs(query).get("messages")
    if typed:
        assert f'name="messages" value="{typed[0]}"' in page


@pytest.mark.parametrize(
    "query",
    [
        "%3Cscript%3Ealert(1)%3C/script%3E=1", "fail=%3Csvg%20onload=alert(2)%3E", "messages=%3Cb%3E5", "shape=%22%3E%3Cimg%3E",
        "ask=%3Cscript%3E", "fail=" + "x" * 5_000, "messages=" + "9" * 5_000, "seed=%00", "rate=%F0%9F%92%A3",
        "what=%00&when=%00", "&".join(["fail=crash@5"] * 500), "&".join(f"what=crash&when={n}" for n in range(200)),
    ],
)  # fmt: skip
def test_a_hostile_address_is_answered_and_stays_text(alice: Client, query: str) -> None:
    response = alice.get(f"/lab/compare/?{query}&go=1")
    assert response.status_code in (400, 404)
    page = text(response)
    for markup in ("<script>alert", "<svg onload", "<b>5", '"><img'):
        assert markup not in page
    assert len(page) < 60_000


def test_a_question_asks_first_and_answers_with_what_the_engine_found(alice: Client) -> None:
    asked = next(one for one in questions() if one.slug == "crash")
    first = text(alice.get("/lab/compare/?ask=crash"))
    assert rows(first) == []
    assert asked.why[:40] not in first
    for one in systems():
        assert f'name="guess" value="{one.id}"' in first
    said = alice.get("/lab/compare/?ask=crash&guess=rabbitmq-classic&guess=nobody&go=1")
    lines = said.context["rows"]
    assert [one.guessed for one in lines] == [one.id == "rabbitmq-classic" for one in systems()]
    assert f"You were right about {sum(one.right for one in lines)} of {len(systems())}" in text(said)
    assert "What a consumer holds is safe" in text(said)
    shown = alice.get("/lab/compare/?ask=crash&go=1")
    assert "You were right" not in text(shown)


def test_a_question_that_is_not_there_is_not_found(alice: Client) -> None:
    assert alice.get("/lab/compare/?ask=nothing").status_code == 404


def test_a_system_opens_as_a_lab_of_its_own_which_is_read_only_and_copied_by_an_act(
    alice: Client, bob: Client
) -> None:
    address = "/lab/compare/rabbitmq-quorum/?messages=20&rate=10&fail=crash@1"
    opened = alice.get(address)
    assert opened.status_code == 302
    row = Recording.objects.get(pk=urlsplit(opened["Location"]).path.rpartition("/")[2])
    assert (row.shared, row.owner, row.seed) == (True, "", 7)
    assert [one.name for one in Command.objects.filter(recording=row)] == ["mishap-1", "mishap-2"]
    assert row.futures == ["mishap-2"]
    assert bob.get(address)["Location"] == opened["Location"]
    page = alice.get(opened["Location"])
    assert page.status_code == 200
    assert page.context["role"] == "viewer"


def test_a_cell_opens_the_lab_at_the_event_that_decided_it(alice: Client) -> None:
    response = alice.get("/lab/compare/?messages=60&rate=10&seconds=40&fail=twice@7&go=1")
    line = next(one for one in response.context["rows"] if one.id == "rabbitmq-classic")
    cell = next(one for one in line.cells if one.name == "duplicated")
    place = parse_qs(urlsplit(cell.href).fragment)
    assert cell.text == "1"
    assert place["m"] == ["web-7"]
    assert float(place["t"][0]) > 0
    assert urlsplit(cell.href).query == "messages=60&rate=10&seconds=40&fail=twice@7"
    assert alice.get(cell.href.partition("#")[0]).status_code == 302


@pytest.mark.parametrize("query", ["messages=0", "fail=x", "go=1"])
def test_a_lab_of_what_cannot_be_is_refused(alice: Client, query: str) -> None:
    assert alice.get(f"/lab/compare/rabbitmq-classic/?{query}").status_code == 400
    assert alice.get("/lab/compare/no-such/").status_code == 404


def test_the_recordings_of_all_systems_are_made_once_for_whoever_runs_them(alice: Client) -> None:
    token = re.search(r'data-token="([^"]+)"', text(alice.get(f"/lab/compare/?{SMALL}&go=1")))
    assert token
    fields = {"workload": SMALL, "csrfmiddlewaretoken": token[1]}
    first = alice.post("/lab/compare/recordings", fields).json()
    assert set(first) == {one.id for one in systems()}
    assert alice.post("/lab/compare/recordings", fields).json() == first
    assert Recording.objects.count() == len(systems())
    bad = alice.post("/lab/compare/recordings", {**fields, "workload": "messages=0"})
    assert bad.status_code == 400
    assert "from 1 to" in bad.json()["why"]
    assert alice.post("/lab/compare/recordings", {"workload": SMALL}).status_code == 403


def test_when_too_many_wait_the_page_says_so_and_when_to_come_back(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RUNS_WAITING_MAX", 0)
    response = alice.get(f"/lab/compare/?{SMALL}&go=1")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "Load the page again" in text(response)


def test_where_a_mishap_is_nothing_here_the_page_says_so(alice: Client) -> None:
    page = alice.get("/lab/compare/?messages=20&rate=10&seconds=20&fail=restart@1&go=1")
    workload = page.context["workload"]
    told = {(who, note) for who, note in page.context["notes"]}
    for one in systems():
        note = one.counterpart(workload.failures[0])
        assert stored(one, workload) or note
        assert not note or any(one.title in who and note == said for who, said in told)
    assert any("SQS" in who for who, _ in told)


def test_to_say_that_it_is_true_of_none_is_an_answer_too(alice: Client) -> None:
    said = alice.get("/lab/compare/?ask=crash&guess=none&go=1")
    assert [one.guessed for one in said.context["rows"]] == [False] * len(systems())
    assert "You were right about" in text(said)
