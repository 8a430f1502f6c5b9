"""The rule book's pages: what the brokers do, how we know, and where to see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mqlab.engine.rules import CLAIMS, RULES, Claim, Rule
from mqlab.lab import catalogue
from mqlab.lab.demonstration import shown

WORDS_MAX = 8
PROVED = {
    "trace": "recorded on Redis 8.0.2",
    "broker 7.0": "asked of a Redis 7.0, by our tests",
    "trace 4.0": "recorded on RabbitMQ 4.0.5",
    "trace 3.10": "recorded on RabbitMQ 3.10.8",
    "broker 3.10": "asked of a RabbitMQ 3.10.8, also by our tests",
    "trace moto": "recorded from moto, an emulator",
    "moto 5.2": "compared with moto 5.2, an emulator, by our tests",
    "documented, not observed": "documented, not observed",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A rule as the page lists it. `proofs`: what it was held against, in words; `tests`: those marked with it."""

    rule: Rule
    proofs: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def text(self) -> str:
        """What the search looks in."""
        rule = self.rule
        where = " ".join(str(one) for one in rule.source)
        return f"{rule.id} {rule.sentence} {rule.section} {rule.versions} {where} {' '.join(self.proofs)}".lower()


@cache
def tests() -> dict[str, tuple[str, ...]]:
    """The tests that are marked with each rule, as `python -m tests.proofs` has written them down."""
    book = files("mqlab.lab").joinpath("proofs.json").read_bytes()
    return msgspec.json.decode(book, type=dict[str, tuple[str, ...]])


def lines() -> list[Line]:
    """Every rule, in the order of the books."""
    return [
        Line(rule, tuple(PROVED[one] for one in rule.checked if one != "test"), tests().get(rule.id, ()))
        for rule in RULES.values()
    ]


def found(all_lines: Iterable[Line], words: str) -> list[Line]:
    """The lines with each of these words in them."""
    wanted = words.lower().split()[:WORDS_MAX]
    return [one for one in all_lines if all(word in one.text for word in wanted)]


def claims() -> list[tuple[Claim, catalogue.Entry | None]]:
    """What textbooks get wrong, each with the lab that shows the truth; None: the first of its rules shows itself."""
    return [(claim, catalogue.entry(claim.scenario) if claim.scenario else None) for claim in CLAIMS]


@require_safe
def book(request: HttpRequest) -> HttpResponse:
    """Every rule with its source, how it was checked, and where the model deviates; `?q=` looks for words."""
    words = request.GET.get("q", "")[:200].strip()
    every = lines()
    some = found(every, words) if words else every
    sections = [(name, list(group)) for name, group in groupby(some, key=lambda one: one.rule.section)]
    return render(
        request,
        "lab/rules.html",
        {"sections": sections, "words": words, "count": len(some), "all": len(every), "claims": claims()},
    )


@require_safe
def show(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """To the lab that shows a rule, paused at the moment when it decides."""
    there = shown(f"{kind}/{name}")
    if there is None:
        raise Http404(f"No lab shows the rule {kind}/{name}.")
    recording, moment = there
    response = redirect("lab:recording", recording.pk)
    response["Location"] = f"{reverse('lab:recording', args=[recording.pk])}#{moment.fragment}"
    return response
