"""Recordings that come and go as files and links: downloads, and links that hold everything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import msgspec
from asgiref.sync import sync_to_async
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mqlab import __version__
from mqlab.engine.limits import RECORDING_S_MAX
from mqlab.engine.recording import Recording as Lab
from mqlab.engine.recording import run
from mqlab.engine.scenario import ScenarioError
from mqlab.lab import limits
from mqlab.lab.journal import write
from mqlab.lab.models import Recording
from mqlab.lab.owner import owner_of
from mqlab.lab.packed import Bad, Unpacked, unpack
from mqlab.lab.share import lab

SECOND = 1_000_000
_downloads: set[object] = set()


def _file(response: HttpResponse | StreamingHttpResponse, row: Recording, ending: str) -> None:
    name = re.sub(r"[^a-z0-9-]", "", row.slug) or "scenario"
    response["Content-Disposition"] = f'attachment; filename="{name}-{row.pk}.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"


@never_cache
@require_safe
def scenario_file(request: HttpRequest, id: str) -> HttpResponse:
    """The scenario of a recording, as the file it is."""
    row = get_object_or_404(Recording, pk=id)
    response = HttpResponse(row.scenario, content_type="application/yaml; charset=utf-8")
    _file(response, row, "yaml")
    return response


@never_cache
@require_safe
def events_file(request: HttpRequest, id: str) -> HttpResponse | StreamingHttpResponse:
    """The events of a future up to a second, one JSON object a line; made while they are sent, off the event loop."""
    row = get_object_or_404(Recording, pk=id)
    until = request.GET.get("until_s", str(limits.DOWNLOAD_S_DEFAULT))
    if not re.fullmatch(r"[0-9]{1,3}", until) or int(until) > RECORDING_S_MAX:
        return HttpResponseBadRequest(f"until_s is a whole number of seconds, at most {RECORDING_S_MAX}.")
    try:
        recording = lab(row)
    except ScenarioError as error:
        return HttpResponse(
            f"This engine does not read that scenario: {error}", status=410, content_type="text/plain"
        )
    future = request.GET.get("future", "0")
    if not recording.knows(future):
        return HttpResponseBadRequest("There is no such future in this recording.")
    if len(_downloads) >= limits.DOWNLOADS_AT_ONCE_MAX:
        response = HttpResponse("Several downloads are being made; try again in a moment.", status=503)
        response["Retry-After"] = "5"
        return response
    stream = StreamingHttpResponse(
        _events(recording, future, int(until) * SECOND), content_type="application/x-ndjson; charset=utf-8"
    )
    _file(stream, row, "ndjson")
    return stream


async def _events(recording: Lab, future: str, until_us: int) -> AsyncIterator[bytes]:
    """Piece by piece, each made in a thread: nobody else waits for it."""
    mark = object()
    _downloads.add(mark)
    try:
        at = (0, 0)
        while at < (until_us, 0):
            piece = await asyncio.to_thread(run, recording.piece(future, at))
            lines = [msgspec.json.encode(event) + b"\n" for event in piece.events if event.t < until_us]
            if lines:
                yield b"".join(lines)
            if piece.to <= at:
                return
            at = piece.to
    finally:
        _downloads.discard(mark)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
async def packed(request: HttpRequest) -> HttpResponse:
    """A link that holds everything. The page posts what stands in the address behind #, and the recording opens."""
    if request.method != "POST":
        return render(request, "lab/packed.html")
    try:
        made = await asyncio.to_thread(unpack, request.POST.get("packed", ""))
    except Bad as error:
        return render(request, "lab/packed.html", {"bad": error}, status=400)
    row = await sync_to_async(_make)(request, made)
    response = HttpResponse(status=302)
    response["Location"] = reverse("lab:recording", args=[row.pk])
    return response


@transaction.atomic
def _make(request: HttpRequest, made: Unpacked) -> Recording:
    row = Recording.objects.create(
        scenario=made.scenario,
        seed=made.seed,
        owner=owner_of(request.session),
        engine=__version__,
        labels=made.labels,
        notes=[msgspec.to_builtins(note) for note in made.notes],
    )
    write((row.pk, one) for one in made.stored)
    return row
