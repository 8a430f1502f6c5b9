"""Downloads, and links that hold everything: what is whole opens as a recording; what is bad is told by its part."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import re
import zlib
from contextlib import suppress
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import AsyncClient, Client

from mqlab.engine import scenario
from mqlab.engine.commands import Crash
from mqlab.engine.recording import Recording as Lab
from mqlab.engine.recording import run
from mqlab.lab import limits, links
from mqlab.lab.models import Recording
from mqlab.lab.packed import Bad, unpack
from tests.lab.test_views import act, recording_of, share, text
from tests.live.browser import SCENARIO

S = 1_000_000
PUBLISH = {"do": "publish", "exchange": "orders", "routing_key": "order.eu", "number": 3}
ACT = {"id": "a", "parent": "0", "t": S, "i": 0, "command": {"do": "crash", "node": "worker-1"}}
WHOLE: dict[str, Any] = {
    "format": 1,
    "scenario": SCENARIO,
    "seed": 7,
    "acts": [ACT, {"id": "b", "parent": "a", "t": 2 * S, "i": 0, "command": PUBLISH}],
    "labels": {"b": "mine"},
    "notes": [{"id": "n", "future": "a", "t": S, "text": "Here."}],
}


def packed(content: Any) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.urlsafe_b64encode(deflate.compress(raw) + deflate.flush()).decode().rstrip("=")


def opened(client: Client, link: str) -> HttpResponse:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text(client.get("/r/")))
    assert token
    response: HttpResponse = client.post("/r/", {"csrfmiddlewaretoken": token[1], "packed": link})
    return response


# --- links ---


def test_a_link_that_holds_everything_opens_as_ones_own_recording(alice: Client) -> None:
    response = opened(alice, packed(WHOLE))
    assert response.status_code == 302
    row = Recording.objects.get(pk=response["Location"].removeprefix("/r/"))
    assert alice.get(response["Location"]).context["role"] == "owner"
    assert (row.scenario, row.seed, row.labels) == (SCENARIO, 7, {"b": "mine"})
    assert [(one.name, one.parent, one.t) for one in row.commands.all()] == [("a", "0", S), ("b", "a", 2 * S)]
    assert row.notes == [{"id": "n", "future": "a", "t": S, "text": "Here."}]


def test_what_it_opens_plays_as_where_it_came_from() -> None:
    lab = Lab(scenario.load(SCENARIO), 7)
    run(lab.do("a", "0", (S, 0), 0, Crash("worker-1")))
    made = unpack(packed({**WHOLE, "acts": [ACT], "labels": {}, "notes": []}))
    again = Lab(scenario.load(made.scenario), made.seed, made.stored)
    assert run(again.digest("a", 20 * S)) == run(lab.digest("a", 20 * S))


def test_the_messages_of_its_acts_keep_their_names() -> None:
    made = unpack(packed(WHOLE))
    assert made.stored[1].command.number == 3  # type: ignore[union-attr]


def test_opening_a_link_requires_the_pages_own_token_and_rejects_the_wrong_method(alice: Client) -> None:
    assert alice.get("/r/").status_code == 200
    assert alice.post("/r/", {"packed": packed(WHOLE)}).status_code == 403
    assert alice.delete("/r/").status_code in (403, 405)
    assert Client().put("/r/").status_code == 405
    assert not Recording.objects.exists()


def changed(**fields: Any) -> dict[str, Any]:
    return {**WHOLE, **fields}


def acted(**fields: Any) -> dict[str, Any]:
    return changed(acts=[{**ACT, **fields}], labels={}, notes=[])


BAD = [
    ("", "link", "not whole"),
    ("a b", "link", "letters, digits"),
    ("A" * 33_000, "link", "33,000 characters"),
    ("AAAA", "link", "not whole"),
    (packed(WHOLE)[:-8], "link", "not whole"),
    (packed(WHOLE)[:-1], "link", "not whole"),
    (packed(b"x" * 10_000_000), "link", "more than 262,144 bytes"),
    (packed(b"{"), "text", "JSON"),
    (packed(b"\xff\xfe"), "text", "JSON"),
    (packed(b"[" * 100_000), "text", ""),
    (packed([]), "text", "object"),
    (packed({}), "text", "format"),
    (packed(changed(format=2)), "format", "1"),
    (packed(changed(more=1)), "text", "more"),
    (packed(changed(seed="x")), "seed", "int"),
    (packed(changed(seed=-1)), "seed", "0"),
    (packed(changed(scenario=7)), "scenario", "str"),
    (packed(changed(scenario="format: 1\ntitel: x\n")), "scenario", "titel"),
    (packed(changed(scenario="a: &a [*a]")), "scenario", ""),
    (packed(changed(acts=[ACT] * 1001)), "acts", "1000"),
    (packed(acted(command={"do": "explode"})), "act 1", "explode"),
    (packed(acted(t=-1)), "act 1", "0"),
    (packed(acted(id="a b")), "act 1", "regex"),
    (packed(acted(parent="nobody")), "act 1 (a)", "nobody"),
    (packed(acted(command={"do": "crash", "node": "worker-9"})), "act 1 (a)", "worker-9"),
    (packed(acted(t=601 * S)), "act 1 (a)", "600 s"),
    (packed(acted(i=900)), "act 1 (a)", "no moment"),
    (packed(changed(acts=[ACT, ACT], labels={}, notes=[])), "act 2 (a)", "two acts"),
    (packed(changed(acts=[ACT, {**ACT, "id": "b", "parent": "a"}])), "act 2 (b)", "last act"),
    (packed(changed(labels={"zz": "x"})), "names", "zz"),
    (packed(changed(labels={"a": "x" * 61})), "names", "60"),
    (packed(changed(notes=[{"id": "n", "future": "zz", "t": 0, "text": "x"}])), "notes", "zz"),
    (packed(changed(notes=[{"id": "n", "future": "a", "t": 0, "text": "x\0"}])), "text", "NUL"),
]


@pytest.mark.parametrize(("link", "part", "why"), BAD)
def test_a_bad_link_names_the_part_that_is_bad(link: str, part: str, why: str) -> None:
    with pytest.raises(Bad) as caught:
        unpack(link)
    assert caught.value.part == part
    assert why in caught.value.why


def test_a_bad_link_makes_nothing_and_its_page_says_what_is_bad_as_text(alice: Client) -> None:
    response = opened(alice, packed(acted(command={"do": "crash", "node": "<script>x"})))
    assert response.status_code == 400
    assert "act 1 (a)" in text(response)
    assert "<script>x" not in text(response)
    assert not Recording.objects.exists()


def test_garbage_is_only_ever_bad() -> None:
    chance = random.Random(4)
    good = packed(WHOLE)
    for _ in range(300):
        at = chance.randrange(len(good))
        letters = "".join(chance.choice(good) for _ in range(chance.randint(0, 6)))
        with suppress(Bad):
            unpack(good[:at] + letters + good[at + chance.randint(0, 6) :])


def test_more_simulation_than_a_link_may_ask_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PACKED_STEPS_MAX", 20)
    with pytest.raises(Bad, match="more to simulate"):
        unpack(packed(acted(t=300 * S)))


# --- downloads ---


async def _get(path: str) -> tuple[Any, bytes]:
    response: Any = await AsyncClient().get(path)
    content = (
        b"".join([part async for part in response.streaming_content])
        if response.streaming
        else response.content
    )
    return response, content


def get(path: str) -> tuple[Any, bytes]:
    return asyncio.run(_get(path))


def test_the_scenario_is_downloaded_as_the_file_it_is(alice: Client) -> None:
    row = recording_of(alice)
    response = alice.get(f"/r/{row.pk}/scenario.yaml")
    assert text(response) == SCENARIO
    assert response["Content-Disposition"] == f'attachment; filename="two-workers-{row.pk}.yaml"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert alice.get("/r/aaaabbbbccccdddd/scenario.yaml").status_code == 404
    assert Client().post(f"/r/{row.pk}/scenario.yaml").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_the_events_of_a_future_are_downloaded_one_a_line(scenarios: object) -> None:
    row = recording_of(Client())
    act(row, "a1", t=2 * S)
    response, content = get(f"/r/{row.pk}/events.ndjson?future=a1&until_s=5")
    events = [json.loads(line) for line in content.splitlines()]
    assert response["Content-Disposition"].endswith('.ndjson"')
    assert response["X-Content-Type-Options"] == "nosniff"
    times = [event["t"] for event in events]
    assert times == sorted(times)
    assert max(times) < 5 * S
    assert any(event["cause"] == "do:a1" for event in events)
    _, bare = get(f"/r/{row.pk}/events.ndjson?until_s=5")
    assert b"do:a1" not in bare
    assert get(f"/r/{row.pk}/events.ndjson?until_s=0")[1] == b""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("query", ["until_s=601", "until_s=-1", "until_s=x", "until_s=1e3", "future=nowhere"])
def test_a_bad_question_for_events_says_what_is_right(scenarios: object, query: str) -> None:
    row = recording_of(Client())
    response, content = get(f"/r/{row.pk}/events.ndjson?{query}")
    assert response.status_code == 400
    assert b"<" not in content


def test_events_reject_the_wrong_method_and_what_is_not_there(alice: Client) -> None:
    row = recording_of(alice)
    assert Client().post(f"/r/{row.pk}/events.ndjson").status_code == 405
    assert alice.get("/r/aaaabbbbccccdddd/events.ndjson").status_code == 404


def test_only_so_many_downloads_are_made_at_once(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = recording_of(alice)
    monkeypatch.setattr(links, "_downloads", set(range(limits.DOWNLOADS_AT_ONCE_MAX)))
    response = alice.get(f"/r/{row.pk}/events.ndjson")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


# --- what travels with Share ---


def test_share_takes_names_and_notes_of_the_futures_that_it_holds(alice: Client) -> None:
    row = recording_of(alice)
    act(row, "a1")
    act(row, "b1")
    note = {"id": "n1", "future": "a1", "t": S, "text": "Look."}
    row.labels = {"a1": "first", "b1": "second"}
    row.notes = [note, {**note, "id": "n2", "future": "b1"}, {**note, "id": "n3", "future": "0"}]
    row.save()
    frozen = Recording.objects.get(pk=share(alice, row, future="a1")["Location"].removeprefix("/r/"))
    assert frozen.labels == {"a1": "first"}
    assert [one["id"] for one in frozen.notes] == ["n1", "n3"]
