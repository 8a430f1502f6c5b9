"""The page that makes a lab of a definitions file."""

from __future__ import annotations

import json
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from mqlab.lab.limits import DEFINITIONS_BYTES_MAX
from mqlab.lab.models import Recording

PAGE = "/definitions/"
QUEUE = {"name": "q", "vhost": "/", "durable": True, "auto_delete": False, "arguments": {}}


def post(client: Client, **fields: object) -> HttpResponse:
    """The form, filled in."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(PAGE).content.decode())
    assert token
    response: HttpResponse = client.post(PAGE, {"csrfmiddlewaretoken": token[1], **fields})
    return response


def test_a_file_becomes_a_lab_of_ones_own(alice: Client) -> None:
    file = SimpleUploadedFile("definitions.json", json.dumps({"queues": [QUEUE]}).encode())
    response = post(alice, file=file)
    assert response.status_code == 302
    page = alice.get(response["Location"])
    assert page.status_code == 200
    assert page.context["role"] == "owner"
    assert "q" in Recording.objects.get(pk=page.context["recording"].pk).scenario


def test_what_is_left_out_is_shown_before_the_lab_is_opened(alice: Client) -> None:
    stream = {**QUEUE, "name": "<log>", "arguments": {"x-queue-type": "stream"}}
    response = post(alice, text=json.dumps({"queues": [QUEUE, stream]}))
    page = response.content.decode()
    assert "&lt;log&gt;" in page
    assert "Open the lab" in page


def test_what_cannot_be_imported_is_said_and_makes_no_lab(alice: Client) -> None:
    before = Recording.objects.count()
    for given in ("", "no", "x" * (DEFINITIONS_BYTES_MAX + 1)):
        response = post(alice, text=given)
        assert response.status_code == 400
        assert "cannot be imported" in response.content.decode()
    odd = SimpleUploadedFile("definitions.json", b"\xff\xfe\x00")
    assert post(alice, file=odd).status_code == 400
    assert Recording.objects.count() == before


def test_the_form_is_there_without_a_script(alice: Client) -> None:
    page = alice.get(PAGE).content.decode()
    assert 'enctype="multipart/form-data"' in page
    assert "/definitions/" in alice.get("/lab/").content.decode()
