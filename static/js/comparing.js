// The ways into a comparison: the button in the head, "without this act" on its flag and under the timeline, the address (&g=…); and
// later acts carried over after one acted in the past. The comparison itself is loaded when it is wanted.

import { el, text } from "./dom.js";
import { FlagMenu } from "./flag_menu.js";
import { commandWords, seconds } from "./words.js";

const FUTURE = /^[A-Za-z0-9_-]{1,32}$/;

export class Comparing {
  constructor(stage) {
    this.stage = stage;
    this.compare = null;
    this.wanted = null; // carried over, to be looked at when the answer comes: {id, then}
    this.button = document.getElementById("compare");
    if (this.button) this.button.disabled = false;
    this.button?.addEventListener("click", () => (this.compare ? this.close() : this.choose()));
    this.without = el("button", { type: "button", class: "without", hidden: true, onclick: () => this.withoutAct(this.last) });
    this.later = el("button", { type: "button", class: "later", hidden: true, onclick: () => this.carryLater() });
    this.said = el("p", { class: "carry-state", role: "status" });
    this.menu = new FlagMenu(stage, (act) => this.withoutAct(act));
    stage.deck.say.after(this.without, this.later, this.said);
    document.querySelector("form.share")?.addEventListener("formdata", (event) => {
      if (this.compare) event.formData.append("future", this.compare.other);
    });
  }

  // --- the address

  visit(parameters) {
    const other = parameters.get("g");
    if (other && FUTURE.test(other)) this.asked = other;
    else if (this.compare && this.visited) this.close(false);
    this.visited = true;
  }

  place(parameters) {
    const other = this.compare?.other ?? this.asked;
    if (other) parameters.set("g", other);
  }

  // --- each picture

  draw(line) {
    const { tree, playhead } = this.stage;
    if (this.asked) {
      const other = this.asked;
      this.asked = null;
      if ((other === "0" || tree.acts.has(other)) && other !== line.future) this.open(other);
    }
    this.menu.draw();
    const last = tree.path(line.future).filter((act) => act.t <= playhead.t).pop() ?? null;
    if (last !== this.last) {
      this.last = last;
      this.without.hidden = last === null;
      if (last) {
        text(this.without, `Compare without ${commandWords(last.command)}`);
        this.without.title = `Compare with a future without ${commandWords(last.command)} at ${seconds(last.t)} s; the later acts stay`;
      }
    }
    if (this.offer && line.future !== this.offer.onto && this.offer.shown) this.offerLater(null);
    if (this.offer && line.future === this.offer.onto) this.offer.shown = true;
  }

  wall() {
    return this.compare?.wall() ?? Infinity;
  }

  // --- opening and closing

  async choose() {
    const { Choose } = await import("./choose.js");
    this.panel ??= new Choose(this.stage, this);
    this.panel.show();
  }

  async open(other, left = []) {
    const { Compare } = await import("./compare.js");
    this.compare?.end();
    this.compare = new Compare(this.stage, other, left, () => this.close());
    this.button?.setAttribute("aria-pressed", "true");
    if (!this.stage.playhead.playing) this.stage.remember();
  }

  close(remember = true) {
    this.compare?.end();
    this.compare = null;
    this.button?.setAttribute("aria-pressed", "false");
    if (remember) this.stage.remember();
  }

  // --- carried over

  /** The future without this act, its later ones carried over, beside the one looked at. */
  withoutAct(act) {
    const path = this.stage.tree.path(this.stage.playhead.timeline.future);
    const later = path.slice(path.findIndex((one) => one.id === act.id) + 1).map((one) => one.id);
    if (!later.length) this.open(act.parent);
    else this.carry(act.parent, later, undefined, (future, left) => this.open(future, left));
  }

  /** The same acts in a world that was different from its beginning, beside the one looked at. */
  withChange(command) {
    const acts = this.stage.tree.path(this.stage.playhead.timeline.future).map((one) => one.id);
    this.carry("0", acts, command, (future, left) => this.open(future, left));
  }

  carry(onto, acts, command, then) {
    text(this.said, "The other future is being made…");
    this.wanted = { id: this.stage.watch.carry(onto, acts, command), then };
  }

  other(frame) {
    if (frame.op === "no" && frame.id === this.wanted?.id) {
      text(this.said, frame.why);
      this.wanted = null;
    }
    if (frame.op !== "carried" || frame.id !== this.wanted?.id) return;
    const { then } = this.wanted;
    this.wanted = null;
    const left = frame.refused.map(({ act, why }) => {
      const one = this.stage.tree.acts.get(act);
      return one ? `${commandWords(one.command)} at ${seconds(one.t)} s was left out: ${why}` : why;
    });
    text(this.said, left.join(" "));
    then(frame.future, left);
  }

  /** One acted in the past: what was done later on the future one came from can come along. */
  cut(frame, mine) {
    if (!mine) return;
    text(this.said, "");
    const from = this.stage.playhead.timeline?.future ?? "0";
    const later = this.stage.tree.path(from).filter((act) => act.t > frame.at[0]).map((act) => act.id);
    this.offerLater(later.length ? { onto: frame.future, acts: later } : null);
  }

  offerLater(offer) {
    this.offer = offer;
    this.later.hidden = !offer;
    if (offer) text(this.later, offer.acts.length === 1 ? "Carry the later act over" : `Carry ${offer.acts.length} later acts over`);
  }

  carryLater() {
    const { onto, acts } = this.offer;
    this.offerLater(null);
    this.carry(onto, acts, undefined, (future) => this.stage.look(future));
  }
}
