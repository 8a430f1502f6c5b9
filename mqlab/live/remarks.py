"""What an owner writes on a recording: names for futures, and notes pinned to a moment. They change no event."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from mqlab.engine.commands import Illegal
from mqlab.live import limits


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """Pinned to virtual µs `t` of a future: that of the last act before it. `message`: the one it is about, or ""."""

    id: str
    future: str
    t: int
    text: str
    message: str = ""


class Remarks:
    """`labels`: future -> its name. `notes`: by id, in the order in which they were written."""

    def __init__(self, labels: dict[str, str] | None = None, notes: Iterable[Note] = ()) -> None:
        self.labels = dict(labels or {})
        self.notes = {note.id: note for note in notes}

    def label(self, future: str, text: str) -> None:
        """Name a future; "" takes the name away."""
        if text:
            self.labels[future] = text
        else:
            self.labels.pop(future, None)

    def note(self, note: Note) -> None:
        """Write a note or write it anew; an empty one goes. Raises Illegal("bounds")."""
        if not note.text:
            self.notes.pop(note.id, None)
        elif note.id not in self.notes and len(self.notes) >= limits.NOTES_MAX:
            raise Illegal(
                "bounds", f"A recording holds {limits.NOTES_MAX} notes and this one is full: empty one first."
            )
        else:
            self.notes[note.id] = note
