"""The lab's pages: each works, asks for the access it needs, and rejects the wrong method."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from mqlab.lab.models import Command, Recording
from tests.lab.conftest import HOSTILE
from tests.live.browser import SCENARIO

PAGES = ["/", "/lab/", "/lab/two-workers/", "/rules/"]


def text(response: HttpResponse) -> str:
    return response.content.decode()


def recording_of(client: Client, slug: str = "two-workers") -> Recording:
    page = client.get(f"/lab/{slug}/")
    row: Recording = page.context["recording"]
    return row


def share(client: Client, row: Recording, **fields: object) -> HttpResponse:
    page = client.get(f"/r/{row.pk}")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text(page))
    assert token, "the stage carries a form with a CSRF token"
    response: HttpResponse = client.post(f"/r/{row.pk}/share", {"csrfmiddlewaretoken": token[1], **fields})
    return response


def act(row: Recording, name: str, parent: str = "0", t: int = 1_000_000) -> None:
    payload = '{"do":"publish","exchange":"orders","routing_key":"order.eu","number":1}'
    Command.objects.create(recording=row, name=name, parent=parent, t=t, i=0, payload=payload)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_works(alice: Client, page: str) -> None:
    response = alice.get(page)
    assert response.status_code == 200
    assert "<h1" in text(response)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_a_page_rejects_the_wrong_method(bob: Client, page: str, method: str) -> None:
    client = Client()
    assert getattr(client, method)(page).status_code == 405


def test_the_gallery_finds_scenarios_by_looking_and_leaves_a_broken_one_out(alice: Client) -> None:
    page = text(alice.get("/lab/"))
    assert '"/lab/two-workers/"' in page
    assert "Two workers" in page
    assert "/lab/broken/" not in page
    assert alice.get("/lab/broken/").status_code == 404
    assert alice.get("/lab/no-such/").status_code == 404


def test_a_scenario_that_is_not_for_the_gallery_is_not_shown_there_but_has_its_page(
    alice: Client, scenarios: Path
) -> None:
    (scenarios / "quiet.yaml").write_text(SCENARIO.replace("seed: 7", "seed: 7\ngallery: false"))
    assert "/lab/quiet/" not in text(alice.get("/lab/"))
    assert alice.get("/lab/quiet/").status_code == 200


def test_home_leads_into_a_lab(alice: Client) -> None:
    assert re.search(r'href="/lab/[a-z-]+/"', text(alice.get("/")))


def test_a_scenario_is_continued_in_the_same_session_and_new_in_another(alice: Client, bob: Client) -> None:
    first = recording_of(alice)
    assert recording_of(alice).pk == first.pk
    assert recording_of(bob).pk != first.pk
    assert recording_of(alice, "hostile").pk != first.pk


def test_a_scenario_that_was_edited_begins_anew(alice: Client, scenarios: Path) -> None:
    first = recording_of(alice)
    path = scenarios / "two-workers.yaml"
    path.write_text(path.read_text().replace("seed: 7", "seed: 8"))
    assert recording_of(alice).pk != first.pk


def test_the_home_page_alone_makes_no_recording(alice: Client) -> None:
    assert alice.get("/").status_code == 200
    assert not Recording.objects.exists()


def test_the_home_pages_lab_has_one_recording_a_session_the_same_as_its_own_page(
    alice: Client, bob: Client
) -> None:
    token = re.search(r'data-token="([^"]+)"', text(alice.get("/")))
    assert token
    path = "/lab/two-workers/recording"
    first = alice.post(path, headers={"X-CSRFToken": token[1]}).json()["recording"]
    assert alice.post(path, headers={"X-CSRFToken": token[1]}).json()["recording"] == first
    assert recording_of(alice).pk == first
    assert recording_of(bob).pk != first
    assert alice.post("/lab/no-such/recording", headers={"X-CSRFToken": token[1]}).status_code == 404


def test_opening_a_recording_requires_the_pages_own_token(alice: Client) -> None:
    assert alice.post("/lab/two-workers/recording").status_code == 403
    assert alice.get("/lab/two-workers/recording").status_code == 405
    assert not Recording.objects.exists()


def test_the_gallery_says_one_line_of_each_in_the_order_they_ask_for(alice: Client, scenarios: Path) -> None:
    extra = "title: First of all\nsummary: A [queue](q) and `no more`.\norder: 1\nterms: {q: A line.}"
    (scenarios / "zebra.yaml").write_text(SCENARIO.replace("title: Two workers", extra))
    page = text(alice.get("/lab/"))
    assert "A queue and no more." in page
    assert page.index("First of all") < page.index("Two workers")


def test_the_gallery_has_a_heading_for_each_theme_and_what_has_none_at_the_end(
    alice: Client, scenarios: Path
) -> None:
    for name, theme, order in (("z", "Routing", 1), ("y", "Dead letters", 2), ("x", "Routing", 3)):
        text_of = SCENARIO.replace("title: Two workers", f"title: The {name}\ntheme: {theme}\norder: {order}")
        (scenarios / f"{name}.yaml").write_text(text_of)
    page = text(alice.get("/lab/"))
    told = [">Routing<", ">The z<", ">The x<", ">Dead letters<", ">The y<", ">More<", ">Two workers<"]
    assert [page.count(one) for one in told] == [1] * len(told)
    assert sorted(told, key=page.index) == told


def test_a_lessons_texts_are_taken_apart_on_the_server(alice: Client, scenarios: Path) -> None:
    about = (
        "about: 'An [ack](a) ends it, see [why](rabbitmq/ack-settles) and `<b>`; [nothing] else.'\n"
        "terms: {a: The end.}\nhint: Look."
    )
    (scenarios / "lesson.yaml").write_text(SCENARIO.replace("about: One queue, two workers.", about))
    page = text(alice.get("/lab/lesson/"))
    assert '<button type="button" class="term" popovertarget="term-0">ack</button>' in page
    assert '<a href="/rules/#rabbitmq/ack-settles">why</a>' in page
    assert "<code>&lt;b&gt;</code>" in page
    assert "[nothing] else." in page
    assert "<summary>Hint</summary>" in page


def test_a_strangers_lesson_is_only_ever_text(alice: Client, scenarios: Path) -> None:
    said = json.dumps(HOSTILE)
    lesson = (
        f"terms: {{q: {said}}}\nhint: {said}\nsummary: {said}\n"
        f"first_act: {{say: {said}, command: {{do: publish, exchange: orders, routing_key: {said}}}}}\n"
        f"predict: [{{ask: {said}, when: {{event: Published}}, choices: ["
        f"{{say: {said}, event: Routed, why: {said}}}, {{say: {said}, after_s: 1}}]}}]\n"
        f"solution: [{{at_s: 1, command: {{do: publish, exchange: orders, routing_key: {said}, body: {said}}}}}]\n"
    )
    (scenarios / "stranger.yaml").write_text(SCENARIO + lesson)
    for page in ("/lab/", "/lab/stranger/", "/"):
        html = text(alice.get(page))
        assert "<script>alert" not in html
        assert "<svg onload" not in html
    assert text(alice.get("/lab/stranger/")).count("&lt;script&gt;alert(1)") >= 8


def test_the_stage_is_useful_without_the_socket(alice: Client) -> None:
    page = text(alice.get("/lab/two-workers/"))
    for word in ("billing", "orders", "web", "worker-1", "worker-2", "order.*"):
        assert word in page
    assert recording_of(alice).pk in page


def test_what_a_stranger_wrote_is_only_ever_text(alice: Client) -> None:
    for page in ("/lab/", "/lab/hostile/", "/"):
        html = text(alice.get(page))
        assert "<script>alert" not in html
        assert "<svg onload" not in html
    assert "&lt;script&gt;alert(1)" in text(alice.get("/lab/hostile/"))
    assert HOSTILE not in text(alice.get("/lab/hostile/"))


def test_a_recording_opens_by_its_address_for_who_knows_it(alice: Client, bob: Client) -> None:
    row = recording_of(alice)
    assert alice.get(f"/r/{row.pk}").context["role"] == "owner"
    assert bob.get(f"/r/{row.pk}").context["role"] == "viewer"
    assert alice.get("/r/aaaabbbbccccdddd").status_code == 404
    assert alice.post(f"/r/{row.pk}").status_code in (403, 405)
    assert Client().post(f"/r/{row.pk}").status_code == 405


def test_only_what_a_stranger_wrote_is_said_to_be_theirs(alice: Client, bob: Client) -> None:
    row = recording_of(alice)
    shared = share(alice, row, future="0")["Location"]
    notice = "Somebody else wrote this scenario"
    assert notice not in text(bob.get(shared)), "the gallery's own, with its defaults written out"
    frozen = Recording.objects.get(pk=shared.removeprefix("/r/"))
    frozen.scenario = frozen.scenario.replace("title:", "title: My own", 1)
    frozen.save()
    assert notice in text(bob.get(shared))


def test_sharing_freezes_a_copy_with_every_default_written_out(alice: Client, bob: Client) -> None:
    row = recording_of(alice)
    act(row, "a1")
    act(row, "a2", "a1", 12_000_000)
    act(row, "b1")
    response = share(alice, row, future="a2")
    assert response.status_code == 302
    frozen = Recording.objects.get(pk=response["Location"].removeprefix("/r/"))
    assert frozen.shared
    assert frozen.seed == row.seed
    assert [command.name for command in frozen.commands.all()] == ["a1", "a2"]
    assert "prefetch" in frozen.scenario
    assert len(frozen.scenario) > len(row.scenario)
    assert list(frozen.digests) == ["a2"]
    assert len(frozen.digests["a2"]) == 3
    assert [command.name for command in row.commands.all()] == ["a1", "a2", "b1"]
    assert bob.get(f"/r/{frozen.pk}").context["role"] == "viewer"
    assert alice.get(f"/r/{frozen.pk}").context["role"] == "viewer"


def test_what_is_acted_afterwards_does_not_reach_the_shared_copy(alice: Client) -> None:
    row = recording_of(alice)
    frozen = Recording.objects.get(pk=share(alice, row)["Location"].removeprefix("/r/"))
    act(row, "a1")
    assert not frozen.commands.exists()
    assert frozen.futures == ["0"]


def test_sharing_requires_access(alice: Client, bob: Client) -> None:
    row = recording_of(alice)
    assert share(bob, row).status_code == 403
    assert alice.post(f"/r/{row.pk}/share").status_code == 403  # no CSRF token
    assert share(alice, row, future="nowhere").status_code == 400
    assert share(alice, row, future=["0", "0", "0"]).status_code == 400
    assert not Recording.objects.filter(shared=True).exists()


def test_sharing_rejects_the_wrong_method(alice: Client) -> None:
    assert alice.get(f"/r/{recording_of(alice).pk}/share").status_code == 405


def test_a_recording_that_plays_as_it_did_says_nothing_and_one_that_does_not_says_from_when(
    alice: Client,
) -> None:
    frozen = Recording.objects.get(pk=share(alice, recording_of(alice))["Location"].removeprefix("/r/"))
    assert alice.get(f"/r/{frozen.pk}").context["differs_from_s"] is None
    Recording.objects.filter(pk=frozen.pk).update(engine="0.0-older")
    assert alice.get(f"/r/{frozen.pk}").context["differs_from_s"] is None
    digests = frozen.digests["0"]
    Recording.objects.filter(pk=frozen.pk).update(digests={"0": [digests[0], "another"]})
    assert alice.get(f"/r/{frozen.pk}").context["differs_from_s"] == 10


def test_a_scenario_this_engine_no_longer_reads_is_explained(alice: Client) -> None:
    row = recording_of(alice)
    Recording.objects.filter(pk=row.pk).update(scenario="format: 0\n<b>old</b>: 1\n")
    response = alice.get(f"/r/{row.pk}")
    assert response.status_code == 410
    assert "<b>old</b>" not in text(response)
    assert "another" in text(response) or "format" in text(response)


def test_the_rule_book_lists_every_rule_with_source_and_check(alice: Client) -> None:
    from mqlab.engine.rules import RULES

    page = text(alice.get("/rules/"))
    assert RULES
    for rule in RULES:
        assert f'id="{rule}"' in page
