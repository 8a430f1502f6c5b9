"""The scenarios: every file fixtures/scenarios/**/*.yaml, found by looking. The file's name is its address, with - for /."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from mqlab.engine import scenario
from mqlab.engine.scenario import Scenario, ScenarioError
from mqlab.lab.marked import marked
from mqlab.lab.sketch import Sketch, sketch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One scenario of the gallery."""

    slug: str
    text: str
    scenario: Scenario

    @property
    def line(self) -> str:
        """What the gallery says of it: its summary, or else what it is about, without marks."""
        said = self.scenario.summary or self.scenario.about
        return "".join(part.text for part in marked(said, self.scenario.terms))

    @property
    def sketch(self) -> Sketch:
        """What the gallery draws of it."""
        return sketch(self.text)


def folder() -> Path:
    """Where the scenario files are: the setting SCENARIOS_DIR, else fixtures/scenarios."""
    return Path(getattr(settings, "SCENARIOS_DIR", settings.BASE_DIR / "fixtures" / "scenarios"))


@lru_cache(maxsize=256)
def _read(path: Path, changed_ns: int) -> Entry:
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(folder()).with_suffix("").as_posix()
    return Entry(slug(name), text, scenario.load(text, path.name))


def slug(name: str) -> str:
    """The address of the scenario of this name below the folder: `rules/routing` is at `rules-routing`."""
    return name.replace("/", "-")


def entry(slug: str) -> Entry | None:
    """The scenario of this address; None where there is none, or none that can be read (that is logged)."""
    return next((found for found in entries() if found.slug == slug), None)


def shown() -> list[Entry]:
    """Those that the gallery shows, in its order."""
    return sorted(
        (found for found in entries() if found.scenario.gallery),
        key=lambda found: (found.scenario.order, found.slug),
    )


def themes() -> list[tuple[str, list[Entry]]]:
    """What the gallery shows, under its headings: a theme stands where its first scenario does, those without one at the end."""
    found: dict[str, list[Entry]] = {}
    for one in shown():
        found.setdefault(one.scenario.theme, []).append(one)
    return sorted(found.items(), key=lambda theme: theme[0] == "")


def entries() -> list[Entry]:
    """All that can be read, by file name; one that cannot is logged and left out."""
    found = []
    for path in sorted(folder().rglob("*.yaml")):
        try:
            found.append(_read(path, path.stat().st_mtime_ns))
        except (ScenarioError, OSError, UnicodeDecodeError) as error:
            log.error("scenario left out: %s", error)
    return found
