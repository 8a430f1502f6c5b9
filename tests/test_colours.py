"""Contrast, computed from tokens.css: text 4.5 : 1, shapes and borders 3 : 1, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tree import text

GROUNDS = ("paper", "raised", "sunk")
TEXTS = ("ink", "soft", "link", "alarm", "good")
SHAPES = ("edge", "focus")
KEYS = ("a", "b", "c", "d", "e", "f", "g", "other")
TEXT_MIN, SHAPE_MIN = 4.5, 3.0


def blocks() -> dict[str, dict[str, str]]:
    """The colour tokens of each block, by its selector."""
    css = re.sub(r"/\*.*?\*/", "", text(Path("static/css/tokens.css")), flags=re.DOTALL)
    found: dict[str, dict[str, str]] = {}
    for selector, body in re.findall(r"(:root[^{]*)\{([^}]*)\}", css):
        colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", body))
        found.setdefault(selector.strip(), {}).update(colours)
    return found


BLOCKS = blocks()
LIGHT = BLOCKS[":root"]
DARK = LIGHT | BLOCKS[':root[data-theme="dark"]']
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_the_dark_theme_is_the_same_by_button_and_by_system() -> None:
    assert BLOCKS[':root:not([data-theme="light"])'] == BLOCKS[':root[data-theme="dark"]']


@THEMES
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read_on_every_ground(theme: dict[str, str], ground: str) -> None:
    weak = {name: round(c, 2) for name in TEXTS if (c := contrast(theme[name], theme[ground])) < TEXT_MIN}
    assert weak == {}


@THEMES
@pytest.mark.parametrize("ground", GROUNDS)
def test_borders_and_focus_are_seen_on_every_ground(theme: dict[str, str], ground: str) -> None:
    weak = {name: round(c, 2) for name in SHAPES if (c := contrast(theme[name], theme[ground])) < SHAPE_MIN}
    assert weak == {}


@THEMES
def test_the_letter_on_every_chip_can_be_read(theme: dict[str, str]) -> None:
    weak = {k: c for k in KEYS if (c := contrast(theme[f"k-{k}-letter"], theme[f"k-{k}"])) < TEXT_MIN}
    assert weak == {}


@THEMES
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_edge_of_every_chip_is_seen_on_every_ground(theme: dict[str, str], ground: str) -> None:
    weak = {k: c for k in KEYS if (c := contrast(theme[f"k-{k}-edge"], theme[ground])) < SHAPE_MIN}
    assert weak == {}


def textures() -> dict[str, str]:
    """What is drawn under the letter of each key, by its colour."""
    found = re.search(r"TEXTURES = \{(.*?)\};", text(Path("static/js/chips.js")), re.DOTALL)
    assert found is not None
    return dict(re.findall(r"(\w+): \"([^\"]*)\"", found[1]))


def test_every_key_has_a_texture_of_its_own() -> None:
    assert set(textures()) == set(KEYS)
    assert len(set(textures().values())) == len(KEYS)


@THEMES
def test_the_texture_on_every_chip_is_seen(theme: dict[str, str]) -> None:
    css = text(Path("static/css/stage.css"))
    share = float(re.findall(r"^\.texture \{[^}]*opacity: ([\d.]+)", css, re.MULTILINE)[0])
    weak = {}
    for key in KEYS:
        fill, letter = theme[f"k-{key}"], theme[f"k-{key}-letter"]
        mixed = "#" + "".join(
            f"{round(int(letter[i : i + 2], 16) * share + int(fill[i : i + 2], 16) * (1 - share)):02x}"
            for i in (1, 3, 5)
        )
        if (found := contrast(mixed, fill)) < SHAPE_MIN:
            weak[key] = round(found, 2)
    assert weak == {}


@THEMES
def test_what_drains_is_seen_on_its_ground_and_on_paper(theme: dict[str, str]) -> None:
    for ground in ("line", *GROUNDS):
        assert contrast(theme["ink"], theme[ground]) >= SHAPE_MIN, ground


@THEMES
def test_a_button_of_ink_can_be_read(theme: dict[str, str]) -> None:
    assert contrast(theme["ink"], theme["paper"]) >= TEXT_MIN
