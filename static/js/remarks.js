// What the owner writes on a recording: notes pinned to a moment, as marks on the timeline and as a list, and a name for
// the future that is looked at. They are told to all who watch, and travel with the link.

import { el, field, text } from "./dom.js";
import { seconds } from "./words.js";
import { mint } from "./wire.js";

const MARK_PX = 150;

export class Remarks {
  constructor(stage) {
    this.stage = stage;
    this.notes = new Map();
    this.marks = el("div", { class: "note-marks", role: "group", "aria-label": "Notes on the timeline" });
    stage.deck.rail.parentElement.append(this.marks);
    this.words = el("textarea", { rows: 3, maxLength: 500, required: true });
    this.pin = el("button", { type: "submit", textContent: "Pin to this moment" });
    this.form = el("form", { class: "act-form", onsubmit: (event) => this.write(event) }, field("A note on this moment", this.words), this.pin);
    this.name = el("input", { type: "text", maxLength: 60 });
    this.naming = el("form", { class: "act-form", onsubmit: (event) => this.label(event) }, field("Name this branch", this.name), el("button", { type: "submit", textContent: "Keep the name" }));
    this.list = el("ol", { class: "notes" });
    this.none = el("p", { class: "no-note soft", textContent: "No note yet." });
    this.said = el("p", { class: "written-state", role: "status" });
    this.root = el("div", { class: "acts" }, this.none, this.list, this.form, this.naming, this.said);
    stage.side.add("Notes", this.root);
    this.asked = new Map();
    if (stage.first) this.scene(stage.first);
  }

  // --- what comes

  scene(frame) {
    this.notes = new Map((frame.notes ?? []).map((note) => [note.id, note]));
    this.may(frame.role === "owner");
    this.version = null;
  }

  cut(frame, mine) {
    if (mine) this.may(true);
  }

  other(frame) {
    if (frame.op === "label") {
      this.stage.tree.label(frame.future, frame.text);
      this.stage.force = true;
    }
    if (frame.op === "note") {
      if (frame.note.text) this.notes.set(frame.note.id, frame.note);
      else this.notes.delete(frame.note.id);
      if (this.asked.has(frame.note.id)) text(this.said, frame.note.text ? "Kept." : "Taken away.");
      this.version = null;
      this.stage.force = true;
    }
    if (frame.op === "no" && this.asked.has(frame.id)) text(this.said, frame.why);
  }

  /** Who only looks reads, and writes once the recording is a copy of their own. */
  may(own) {
    this.form.hidden = this.naming.hidden = !own;
    this.own = own;
    this.version = null;
  }

  // --- what is drawn

  draw(line) {
    const { tree, deck } = this.stage;
    const version = `${line.future} ${tree.version} ${deck.span} ${deck.width}`;
    if (version === this.version) return;
    this.version = version;
    if (document.activeElement !== this.name) {
      this.name.value = tree.acts.get(line.future)?.label ?? "";
      this.naming.hidden = !this.own || line.future === "0";
    }
    const shown = Array.from(this.notes.values()).sort((a, b) => a.t - b.t);
    const here = shown.filter((note) => tree.owner(line.future, [note.t, Infinity]) === note.future);
    this.none.hidden = shown.length > 0;
    this.drawList(shown);
    this.drawMarks(here);
  }

  drawList(shown) {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.note : undefined;
    this.list.replaceChildren(...shown.map((note) => el("li", {},
      el("button", { type: "button", class: "when", "data-note": note.id, title: "Go there", textContent: `${seconds(note.t)} s`, onclick: () => this.go(note) }),
      el("p", { class: "said", textContent: note.text }),
      this.own ? el("button", { type: "button", textContent: "Take away", "aria-label": `Take away the note at ${seconds(note.t)} s`, onclick: () => this.ask({ ...note, text: "" }) }) : null)));
    if (focused) this.list.querySelector(`[data-note="${focused}"]`)?.focus();
  }

  drawMarks(here) {
    const { deck } = this.stage;
    let taken = -Infinity;
    const made = [];
    const focused = document.activeElement?.dataset?.mark;
    for (const note of here) {
      const x = Math.min((note.t / 1e6 / deck.span) * deck.width, deck.width - 32);
      const room = Math.min(MARK_PX, deck.width - x);
      const mark = el("button", { type: "button", class: "note-mark", "data-mark": note.id, title: note.text, "aria-label": `Note at ${seconds(note.t)} seconds: ${note.text}`, onclick: () => this.go(note) });
      if (x < taken) continue; // it is in the list
      mark.append(el("span", { textContent: note.text }));
      mark.style.left = `${x}px`;
      mark.style.maxWidth = `${room}px`;
      taken = x + room + 4;
      made.push(mark);
    }
    this.marks.replaceChildren(...made);
    if (focused) this.marks.querySelector(`[data-mark="${focused}"]`)?.focus();
  }

  go(note) {
    const { stage } = this;
    stage.play(false);
    stage.side.show("Notes");
    const line = stage.playhead.timeline;
    if (stage.tree.owner(line.future, [note.t, Infinity]) === note.future) stage.seek(note.t);
    else stage.look(note.future, [note.t, 0]);
    if (note.message) stage.select({ message: note.message });
    stage.side.show("Notes");
  }

  // --- what is written

  write(event) {
    event.preventDefault();
    const { playhead, tree, selection } = this.stage;
    const t = Math.floor(playhead.t);
    this.ask({ id: mint(), future: tree.owner(playhead.timeline.future, [t, Infinity]), t, text: this.words.value.trim(), message: selection.message });
    this.words.value = "";
  }

  ask(note) {
    if (!note.text && !this.notes.has(note.id)) return;
    this.asked.set(note.id, note);
    text(this.said, "On its way…");
    this.stage.watch.ask("note", note);
  }

  label(event) {
    event.preventDefault();
    this.stage.watch.label(this.stage.playhead.timeline.future, this.name.value.trim());
  }
}
