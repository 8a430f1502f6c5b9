"""The address at which others reach this server, as text, as an SVG and as a QR code for a terminal."""

from __future__ import annotations

import io

import segno
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from mqlab.lab.models import Recording

_BORDER = 4  # modules of quiet around it, as the standard asks
_SCALE = 6  # px a module, where nothing else says how big
_INK_ON_PAPER = "\033[30;107m{}\033[0m"


def site_for_others(request: HttpRequest) -> str:
    """Scheme, host and port at which another machine reaches this site; "" where none does."""
    if settings.MODE == "local":
        return ""
    if settings.MODE == "lan":
        return f"http://{settings.LISTEN_ADDRESS}:{request.get_port()}"
    return f"{request.scheme}://{request.get_host()}"


@require_safe
@cache_control(private=True, max_age=3600)
def picture(request: HttpRequest, id: str) -> HttpResponse:
    """The recording's address as an SVG: dark on light in every theme, since a camera reads it."""
    site = site_for_others(request)
    if not site:
        raise Http404("This server answers this machine only; start it with --lan for others.")
    row = get_object_or_404(Recording, pk=id)
    drawn = io.BytesIO()
    segno.make_qr(site + reverse("lab:recording", args=[row.pk])).save(
        drawn, kind="svg", scale=_SCALE, border=_BORDER, dark="#000", light="#fff", xmldecl=False
    )
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


def for_terminal(address: str, *, colours: bool) -> str:
    """The address as lines of block characters; with `colours`, dark on light whatever the terminal's own are."""
    drawn = io.StringIO()
    segno.make_qr(address).terminal(drawn, border=_BORDER, compact=True)
    lines = drawn.getvalue().splitlines()
    # What segno draws as blocks is the paper, since it counts on a dark terminal.
    paper = str.maketrans(" █▀▄", "█ ▄▀")
    return "\n".join(_INK_ON_PAPER.format(line.translate(paper)) if colours else line for line in lines)
