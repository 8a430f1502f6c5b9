"""The sentences as the browser gets them: the templates of each broker and the rules in words, as one script.

`python -m mqlab.live.phrases > static/js/sentences.js` writes the copy that is kept in the repository.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mqlab.engine.rules import RULES
from mqlab.engine.sentences import phrases, told

HEAD = "// Made by `python -m mqlab.live.phrases` from mqlab/engine/sentences and the rule books: change those.\n"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def text() -> str:
    """The script as the committed file holds it: a line for each template, each rule."""
    lines = [HEAD, "export const PHRASES = {"]
    for broker in told():
        lines.append(f"  {_json(broker)}: {{")
        for part, templates in phrases(broker).plain().items():
            if isinstance(templates, list):
                lines.append(f"    {part}: {_json(templates)},")
                continue
            lines.append(f"    {part}: {{")
            lines += [f"      {_json(name)}: {_json(template)}," for name, template in templates.items()]
            lines.append("    },")
        lines.append("  },")
    lines += ["};", "", "export const RULES = {"]
    lines += [f"  {_json(rule.id)}: {_json(rule.sentence)}," for rule in RULES.values()]
    lines.append("};")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(text(), end="")
