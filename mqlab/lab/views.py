"""The lab's pages. Each is useful without the socket: prose, and the scenario as a table."""

from __future__ import annotations

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from mqlab import __version__
from mqlab.engine.rules import RULES
from mqlab.engine.scenario import ScenarioError, load
from mqlab.lab import catalogue
from mqlab.lab.models import Recording
from mqlab.lab.outline import Outline, outline
from mqlab.lab.owner import owner_of
from mqlab.lab.share import UnknownFuture, differs_from_s, freeze

FUTURES_SHARED_MAX = 2  # the one looked at, and the one it is compared with
log = logging.getLogger(__name__)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The promise in one line, and the doors that exist."""
    entries = catalogue.shown()
    return render(request, "lab/home.html", {"first": entries[0] if entries else None})


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """The scenarios, by question."""
    return render(request, "lab/gallery.html", {"entries": catalogue.shown()})


@never_cache
@require_safe
def stage(request: HttpRequest, slug: str) -> HttpResponse:
    """A scenario running in this session's own recording: the one it has, or a new one."""
    entry = catalogue.entry(slug)
    if entry is None:
        raise Http404(f"There is no scenario {slug}.")
    owner = owner_of(request.session)
    row = (
        Recording.objects.filter(owner=owner, slug=slug, scenario=entry.text, shared=False)
        .order_by("-created")
        .first()
    )
    if row is None:
        row = Recording.objects.create(
            slug=slug, scenario=entry.text, seed=entry.scenario.seed, owner=owner, engine=__version__
        )
    return render(request, "lab/stage.html", context(row, owner, outline(entry.text)))


@never_cache
@require_safe
def recording(request: HttpRequest, id: str) -> HttpResponse:
    """A recording by its address. Who knows the id may look; only its owner acts on it, others on a copy of
    their own."""
    row = get_object_or_404(Recording, pk=id)
    owner = owner_of(request.session)
    try:
        return render(request, "lab/stage.html", context(row, owner, outline(row.scenario)))
    except ScenarioError as error:
        log.error("recording %s cannot be read: %s", id, error)
        return render(request, "lab/unreadable.html", {"recording": row, "why": str(error)}, status=410)


def context(row: Recording, owner: str, scenario: Outline) -> dict[str, Any]:
    """What the stage's template needs: the recording, its scenario as prose and table, and who is looking."""
    return {
        "recording": row,
        "scenario": scenario,
        "role": "owner" if row.owner == owner and not row.shared else "viewer",
        "stranger": row.owner != owner and not from_gallery(row),
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


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The rule book: every rule with its source, how it was checked, and where the model deviates."""
    return render(request, "lab/rules.html", {"rules": RULES.values()})
