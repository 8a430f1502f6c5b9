"""The JSON Schema of the wire, made from the structs, so that the browser's code can be held to it.

`python -m mqlab.live.schema > static/wire-schema.json` writes the copy that is kept in the repository.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mqlab.live import wire


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12: `asks` is any message of a browser, `frames` any of the server."""
    (asks, frames), components = msgspec.json.schema_components(
        [wire.AnyAsk, wire.AnyFrame], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mqlab wire: /ws/lab/",
        "asks": asks,
        "frames": frames,
        "$defs": dict(sorted(components.items())),
    }


def text() -> str:
    """The schema as the committed file holds it."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=1).decode() + "\n"


if __name__ == "__main__":
    print(text(), end="")
