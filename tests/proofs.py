"""Which tests prove each rule: python -m tests.proofs writes mqlab/lab/proofs.json, which the rule book's page reads."""

from __future__ import annotations

import ast
import json

from tests.test_rules import marks
from tests.tree import ROOT, ours, parsed

BOOK = ROOT / "mqlab" / "lab" / "proofs.json"


def proofs() -> dict[str, list[str]]:
    """Rule -> the tests that are marked with it, as pytest names them."""
    found: dict[str, list[str]] = {}
    for path in sorted(ours(".py")):
        if path.parts[0] != "tests":
            continue
        for node in parsed(path).body:
            if isinstance(node, ast.FunctionDef):
                for mark in marks(node):
                    found.setdefault(ast.literal_eval(mark), []).append(f"{path}::{node.name}")
    return dict(sorted(found.items()))


def text() -> str:
    """As the file has it."""
    return json.dumps(proofs(), indent=1) + "\n"


if __name__ == "__main__":
    BOOK.write_text(text(), encoding="utf-8")
