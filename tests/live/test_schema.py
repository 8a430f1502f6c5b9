"""The schema that the browser's code is held to is the one that the server's structs have."""

from pathlib import Path

import mqlab
from mqlab.live import schema

COMMITTED = Path(mqlab.__path__[0]).parent / "static" / "wire-schema.json"


def test_the_committed_schema_is_fresh() -> None:
    assert COMMITTED.read_text() == schema.text(), (
        "run: python -m mqlab.live.schema > static/wire-schema.json"
    )


def test_every_message_and_every_event_is_in_it() -> None:
    made = schema.schema()
    parts = [part["properties"] for part in made["$defs"].values() if "properties" in part]
    tags = {tag for part in parts for tag in part.get("op", {}).get("enum", [])}
    asks, frames = (
        {
            *("join", "go", "more", "do", "carry", "label", "note", "differ", "leave"),
            *("together", "drive", "beat"),
        },
        {
            *(
                "scene",
                "stretch",
                "cut",
                "carried",
                "differences",
                "label",
                "note",
                "kept",
                "no",
                "moved",
                "bye",
            ),
            *("beat", "apart"),
        },
    )
    assert tags == asks | frames
    assert {"Published", "Storm"} <= set(made["$defs"])
