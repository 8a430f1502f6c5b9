// What can be done about an act, on its flag: pressing the flag goes to the act and offers the future without it right there.

import { el } from "./dom.js";
import { commandWords } from "./words.js";

export class FlagMenu {
  /** `without(act)`: compare with the future that has not got it. */
  constructor(stage, without) {
    this.stage = stage;
    this.act = null;
    this.button = el("button", { type: "button", textContent: "Without this act", onclick: () => this.take(without) });
    this.root = el("div", { class: "flag-menu", role: "group", hidden: true }, this.button);
    const { flags } = stage.deck;
    flags.after(this.root);
    flags.addEventListener("click", (event) => this.open(event.target.closest(".flag"), event.detail === 0)); // 0: by key
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close(true);
    });
    document.addEventListener("pointerdown", (event) => {
      if (!this.root.contains(event.target)) this.close();
    });
  }

  acts() {
    const { tree, playhead } = this.stage;
    return tree.path(playhead.timeline.future);
  }

  open(flag, byKey) {
    const { children } = this.stage.deck.flags;
    this.act = this.acts()[Array.from(children).indexOf(flag)] ?? null;
    if (!this.act) return;
    const words = commandWords(this.act.command);
    this.root.setAttribute("aria-label", `About ${words}`);
    this.button.setAttribute("aria-label", `Without this act: compare with a future without ${words}`);
    this.button.title = `Compare with a future without ${words}; the later acts stay`;
    this.root.hidden = false;
    this.place();
    if (byKey) this.button.focus();
  }

  /** Above its flag, and inside the timeline. */
  place() {
    const { deck } = this.stage;
    this.shape = `${deck.span}|${deck.width}`;
    const x = (this.act.t / 1e6 / deck.span) * deck.width;
    this.root.style.left = `${Math.max(0, Math.min(x, deck.width - this.root.offsetWidth))}px`;
  }

  draw() {
    if (!this.act) return;
    const { deck } = this.stage;
    if (!this.acts().includes(this.act)) this.close();
    else if (this.shape !== `${deck.span}|${deck.width}`) this.place();
  }

  take(without) {
    const { act } = this;
    this.close(true);
    without(act);
  }

  /** `back`: the focus goes to the flag again. */
  close(back = false) {
    if (!this.act) return;
    const inside = this.root.contains(document.activeElement);
    if (back || inside) this.stage.deck.flags.children[this.acts().indexOf(this.act)]?.focus();
    this.act = null;
    this.root.hidden = true;
  }
}
