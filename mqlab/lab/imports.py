"""A lab from a definitions file that was exported from a real broker."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mqlab import __version__
from mqlab.engine.brokers.rabbitmq.definitions import NoDefinitions, from_definitions
from mqlab.lab.limits import DEFINITIONS_BYTES_MAX
from mqlab.lab.models import Recording
from mqlab.lab.owner import owner_of

PAGE = "lab/definitions.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def definitions(request: HttpRequest) -> HttpResponse:
    """The form, and what it makes: a recording of one's own. What the lab cannot hold is listed before it is opened."""
    if request.method != "POST":
        return render(request, PAGE)
    try:
        made = from_definitions(_given(request))
    except NoDefinitions as error:
        return render(request, PAGE, {"why": error}, status=400)
    row = Recording.objects.create(
        scenario=made.text, seed=0, owner=owner_of(request.session), engine=__version__
    )
    if not made.left_out:
        return redirect("lab:recording", row.pk)
    return render(request, PAGE, {"recording": row, "left_out": made.left_out})


def _given(request: HttpRequest) -> str:
    """The file, or else what was pasted. Raises NoDefinitions."""
    file = request.FILES.get("file")
    given = (
        file.read(DEFINITIONS_BYTES_MAX + 1) if file is not None else request.POST.get("text", "").encode()
    )
    if len(given) > DEFINITIONS_BYTES_MAX:
        raise NoDefinitions(f"It is larger than {DEFINITIONS_BYTES_MAX // 1024} KiB.")
    try:
        text = given.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoDefinitions("It is no text in UTF-8.") from None
    if not text.strip():
        raise NoDefinitions("There is neither a file nor a text.")
    return text
