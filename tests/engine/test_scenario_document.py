"""The document of the scenario format is true: its example can be read, and it leaves no field out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from mqlab.engine.commands import AnyCommand
from mqlab.engine.kinds import kinds
from mqlab.engine.scenario import dump, load
from mqlab.engine.scenario.settings import changeable
from tests.tree import ROOT

DOCUMENT = (ROOT / Path("docs/scenario-format.md")).read_text(encoding="utf-8")
EXAMPLE = re.search(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)[1]  # type: ignore[index]


def names(value: Any) -> set[str]:
    """All names of fields in what Share writes."""
    return set(re.findall(r"^[ -]*([a-z_]+):", value, re.MULTILINE))


def test_its_example_is_a_scenario_that_survives_being_shared() -> None:
    scenario = load(EXAMPLE, "everything.yaml")
    assert load(dump(scenario), "everything.yaml") == scenario


def test_its_example_leaves_no_field_out() -> None:
    written = names(dump(load(EXAMPLE)))
    assert len(written) > 50
    assert {name for name in written if not re.search(rf"\b{name}:", EXAMPLE)} == set()


def test_it_names_all_that_can_be_changed() -> None:
    acts = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("acts.md", "sqs.md"))
    for kind in kinds().values():
        settings = [name for program in kind.programs for name in changeable(kind.name, program)]
        assert [name for name in settings if f"`{name}`" not in acts] == []


def test_the_document_of_acts_names_every_act_and_every_field() -> None:
    acts = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("acts.md", "sqs.md"))
    for kind in get_args(AnyCommand):
        names = [
            str(kind.__struct_config__.tag),
            *(name for name in kind.__struct_fields__ if name != "number"),
        ]
        assert [name for name in names if f"`{name}`" not in acts] == [], kind.__name__
