"""The lab's pages. Each is useful without the socket: prose, and the scenario as a table."""

from __future__ import annotations

import logging
from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseForbidden,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from mqlab import __version__
from mqlab.engine.scenario import ScenarioError, load
from mqlab.lab import catalogue
from mqlab.lab.models import Recording
from mqlab.lab.outline import Outline, outline
from mqlab.lab.owner import owner_of
from mqlab.lab.qr import site_for_others
from mqlab.lab.share import UnknownFuture, differs_from_s, freeze

FUTURES_SHARED_MAX = 2  # the one looked at, and the one it is compared with
log = logging.getLogger(__name__)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The promise in one line, one lab at work, and the doors that exist. The lab's recording is made by the page's script:
    who only reads the page makes none."""
    first = next(iter(catalogue.shown()), None)
    return render(
        request, "lab/home.html", {"first": first, "scenario": outline(first.text) if first else None}
    )


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """The scenarios, by question."""
    return render(request, "lab/gallery.html", {"themes": catalogue.themes()})


@never_cache
@require_safe
def stage(request: HttpRequest, slug: str) -> HttpResponse:
    """A scenario running in this session's own recording: the one it has, or a new one."""
    entry = entry_of(slug)
    owner = owner_of(request.session)
    return render(request, "lab/stage.html", context(request, own(entry, owner), owner, outline(entry.text)))


@never_cache
@require_POST
def own_recording(request: HttpRequest, slug: str) -> HttpResponse:
    """The id of this session's own recording of a scenario, for a page that shows it without being its page."""
    row = own(entry_of(slug), owner_of(request.session))
    return JsonResponse({"recording": row.pk})


def entry_of(slug: str) -> catalogue.Entry:
    """The gallery's scenario of this address. Raises Http404."""
    entry = catalogue.entry(slug)
    if entry is None:
        raise Http404(f"There is no scenario {slug}.")
    return entry


def own(entry: catalogue.Entry, owner: str) -> Recording:
    """The recording of this scenario that the owner has, or a new one."""
    row = (
        Recording.objects.filter(owner=owner, slug=entry.slug, scenario=entry.text, shared=False)
        .order_by("-created")
        .first()
    )
    return row or Recording.objects.create(
        slug=entry.slug, scenario=entry.text, seed=entry.scenario.seed, owner=owner, engine=__version__
    )


@never_cache
@require_safe
def recording(request: HttpRequest, id: str) -> HttpResponse:
    """A recording by its address. Who knows the id may look; only its owner acts on it, others on a copy of
    their own."""
    row = get_object_or_404(Recording, pk=id)
    owner = owner_of(request.session)
    try:
        return render(request, "lab/stage.html", context(request, row, owner, outline(row.scenario)))
    except ScenarioError as error:
        log.error("recording %s cannot be read: %s", id, error)
        return render(request, "lab/unreadable.html", {"recording": row, "why": str(error)}, status=410)


def context(request: HttpRequest, row: Recording, owner: str, scenario: Outline) -> dict[str, Any]:
    """What the stage's template needs: the recording, its scenario as prose and table, and who is looking."""
    return {
        "recording": row,
        "scenario": scenario,
        "site": site_for_others(request),
        "role": "owner" if row.owner == owner and not row.shared else "viewer",
        "stranger": row.owner not in ("", owner) and not from_gallery(row),  # "": this site made it
        "differs_from_s": differs_from_s(row),
    }


def from_gallery(row: Recording) -> bool:
    """Whether this recording's scenario is the gallery's own, however it is written out."""
    entry = catalogue.entry(row.slug)
    if entry is None:
        return False
    return entry.text == row.scenario or entry.scenario == load(row.scenario, f"{row.slug}.yaml")


@require_POST
def share(request: HttpRequest, id: str) -> HttpResponse:
    """Freeze a recording of one's own; answers with the address of the frozen copy."""
    row = get_object_or_404(Recording, pk=id)
    if row.owner != owner_of(request.session):
        return HttpResponseForbidden(
            "Only the owner of a recording shares it. Act on it first: that makes it your copy."
        )
    futures = request.POST.getlist("future")
    if len(futures) > FUTURES_SHARED_MAX:
        return HttpResponseBadRequest(f"A link shows at most {FUTURES_SHARED_MAX} futures.")
    try:
        made = freeze(row, futures)
    except UnknownFuture as error:
        return HttpResponseBadRequest(
            f"There is no future {error} in this recording; is the last act stored yet?"
        )
    return redirect("lab:recording", made.pk)
