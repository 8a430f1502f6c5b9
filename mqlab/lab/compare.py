"""One workload on all systems: choose or be asked, say first, run, and see who kept their promise. The address holds it all.

The page works without a script: the form is plain fields, and the answer waits for the runs, which go on in slices between
everybody's labs. What the address names is bounded and told.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from mqlab.engine.workload import BadWorkload, Workload, read, system, systems, write
from mqlab.engine.workload.questions import Question, question, questions
from mqlab.engine.workload.text import FIELDS, TEXT_CHARS_MAX, pairs
from mqlab.lab import comparison, told, workload_form
from mqlab.lab.compared import frozen
from mqlab.lab.consumer import LabConsumer
from mqlab.lab.marked import marked
from mqlab.lab.owner import owner_of
from mqlab.live.runs import Busy

ASK, GUESS, GO = "ask", "guess", "go"
OWN = (ASK, GUESS, GO)
"""Names in the address that are the page's own."""
AGAIN_AFTER_S = 5


@never_cache
@require_safe
async def compare(request: HttpRequest) -> HttpResponse:
    """The page: at first a form and questions; with `go` the table."""
    query = request.GET
    asked = question(query.get(ASK, ""))
    if ASK in query and asked is None:
        raise Http404("There is no such question.")
    try:
        given = workload_form.pairs_of(query, OWN)
        workload = asked.task if asked is not None and not given else read(given)
    except BadWorkload as error:
        return render(request, "lab/compare.html", _wrong(request, error), status=400)
    if workload_form.is_form(query):
        return redirect(address(workload))
    if asked is not None and workload != asked.task:
        asked = None
    context = _context(workload, asked)
    if GO not in query:
        return render(request, "lab/compare.html", context)
    guess = [one.id for one in systems() if one.id in query.getlist(GUESS)]
    try:
        rows = await LabConsumer.rooms().runs.rows(systems(), workload)
    except Busy:
        response = render(request, "lab/compare.html", context | {"busy": True}, status=503)
        response["Retry-After"] = str(AGAIN_AFTER_S)
        return response
    lines = comparison.shown(rows, workload, asked, guess)
    context |= {
        "rows": lines,
        "columns": comparison.COLUMNS,
        "notes": told.notes(rows, workload),
        "told": told.differences(rows, workload),
        "right": sum(one.right for one in lines),
        "guessed": asked is not None and GUESS in query,
        "next_seed": address(Workload(**{**_fields(workload), "seed": workload.seed + 1}))
        if asked is None
        else "",
    }
    return render(request, "lab/compare.html", context)


def address(workload: Workload) -> str:
    """The address of the workload's table."""
    text = write(workload)
    return f"{reverse('lab:compare')}?{text}{'&' if text else ''}{GO}=1"


def _fields(workload: Workload) -> dict[str, Any]:
    return {name: getattr(workload, name) for name in workload.__struct_fields__}


def _context(workload: Workload, asked: Question | None) -> dict[str, Any]:
    """What the page needs in any case."""
    return {
        "systems": [(one.id, one.title, marked(one.promise)) for one in systems()],
        "questions": questions(),
        "asked": asked,
        "why": marked(asked.why) if asked else (),
        "fields": workload_form.fields(workload),
        "mishaps": workload_form.rows(workload),
        "text": write(workload),
        "workload": workload,
    }


def _wrong(request: HttpRequest, error: BadWorkload) -> dict[str, Any]:
    """The page with what was typed and what is wrong with it."""
    typed = {name: request.GET[name][:40] for name in FIELDS if name in request.GET}
    context = _context(Workload(), None)
    context["fields"] = workload_form.fields(Workload(), error.field, typed)
    if workload_form.is_form(request.GET):
        context["mishaps"] = workload_form.typed_rows(request.GET, error.field)
    return context | {"wrong": str(error)}


@never_cache
@require_safe
def compared(request: HttpRequest, id: str) -> HttpResponse:
    """To the lab of a workload on one system. A browser keeps what stands behind the # of the address."""
    one = system(id)
    if one is None:
        raise Http404(f"There is no system {id}.")
    try:
        workload = read(workload_form.pairs_of(request.GET, ()))
    except BadWorkload as error:
        return render(request, "lab/compare.html", _wrong(request, error), status=400)
    return redirect("lab:recording", frozen(one, workload).pk)


@never_cache
@require_POST
def recordings(request: HttpRequest) -> HttpResponse:
    """The recordings of a workload on every system, for the page that plays them in step: system -> recording and future."""
    try:
        workload = read(pairs(request.POST.get("workload", "")[:TEXT_CHARS_MAX]))
    except BadWorkload as error:
        return JsonResponse({"why": str(error)}, status=400)
    owner_of(request.session)  # the socket that plays them needs a session
    made = {one.id: frozen(one, workload) for one in systems()}
    return JsonResponse({one: {"recording": row.pk, "future": row.futures[0]} for one, row in made.items()})
