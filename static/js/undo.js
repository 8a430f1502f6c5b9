// Undo, redo, reset: other futures to look at. Nothing is ever deleted, so each is always safe.

import { commandWords, seconds } from "./words.js";

const TYPED = new Set(["text", "search", "number", "url"]);

/** Whether a key pressed here belongs to what is being typed. */
export function typing(target) {
  return target.tagName === "TEXTAREA" || target.tagName === "SELECT" || (target.tagName === "INPUT" && TYPED.has(target.type));
}

export class Undo {
  constructor(stage) {
    this.stage = stage;
    this.left = []; // places that undo or reset left, the last one at the end: {future, at}
    this.buttons = {};
    for (const name of ["undo", "redo", "reset"]) {
      const button = document.getElementById(name);
      this.buttons[name] = button;
      if (!button) continue;
      button.disabled = false;
      button.addEventListener("click", () => this[name]());
    }
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || typing(event.target)) return;
      const key = event.key.toLowerCase();
      if (key === "z") event.shiftKey ? this.redo() : this.undo();
      else if (key === "y") this.redo();
      else return;
      event.preventDefault();
    });
  }

  /** The future that is looked at, or will be once the answer is there. */
  get future() {
    return this.asked ?? this.stage.playhead.timeline?.future ?? "0";
  }

  tree() {
    this.asked = null;
  }

  draw(line) {
    const { version } = this.stage.tree;
    if (line.future === this.shown && version === this.version) return;
    [this.shown, this.version] = [line.future, version];
    const { acts } = this.stage.tree;
    const last = acts.get(this.future);
    const next = this.next();
    const words = (act) => `${commandWords(act.command)} at ${seconds(act.t)} s`;
    this.put("undo", last ? `Undo ${words(last)} (Ctrl+Z)` : "There is nothing to undo: this is the lab without any act", Boolean(last));
    this.put("redo", next ? `Redo ${words(acts.get(next.future))} (Ctrl+Shift+Z)` : "There is nothing to redo", Boolean(next));
    this.put("reset", last ? "Look at the lab without any act, from its start; every future stays" : "Back to the start", true);
  }

  put(name, title, on) {
    const button = this.buttons[name];
    if (!button) return;
    button.title = title;
    button.setAttribute("aria-description", title);
    button.setAttribute("aria-disabled", String(!on)); // not `disabled`: the focus would be lost
  }

  scene() {
    if (this.asked && !this.stage.playhead.playing) this.stage.remember();
    this.asked = null;
  }

  cut(frame, mine) {
    if (mine) this.left = [];
  }

  /** Where redo leads: what was left last, or the newest act on this future; null where there is none. */
  next() {
    const { tree } = this.stage;
    const future = this.future;
    while (this.left.length) {
      const top = this.left[this.left.length - 1];
      const leads = tree.acts.has(top.future) && top.future !== future;
      if (leads && (future === "0" || tree.path(top.future).some((act) => act.id === future))) return top;
      this.left.pop();
    }
    let newest = null;
    for (const act of tree.acts.values()) if (act.parent === future) newest = act;
    return newest && { future: newest.id, at: [newest.t, newest.i + 1] };
  }

  /** Look at the future before the last act, at the moment where it was done. */
  undo() {
    const act = this.stage.tree.acts.get(this.future);
    if (act && this.go(act.parent, [act.t, act.i])) this.left.push({ future: act.id, at: [act.t, act.i + 1] });
  }

  redo() {
    const next = this.next();
    if (next && this.go(next.future, next.at) && this.left.length) this.left.pop();
  }

  /** The bare scenario, from its start. */
  reset() {
    const from = { future: this.future, at: [Math.floor(this.stage.playhead.t), 0] };
    if (from.future === "0") this.stage.seek(0);
    else if (this.go("0", [0, 0])) this.left.push(from);
  }

  go(future, at) {
    if (this.stage.playhead.held || !this.stage.look(future, at)) return false;
    this.asked = future;
    return true;
  }
}
