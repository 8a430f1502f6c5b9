// What travels: a message is a filled chip, an ack or a confirm a ring, a return a hollow chip, a close a cross.

import { make, move, say, set } from "./svg.js";

const RINGS = new Set(["ack", "nack", "confirm", "confirm_nack"]);

/** A glyph that can be any of them, so that it can be used again for the next one. */
export class Chip {
  constructor(parent) {
    this.root = make(parent, "g", { class: "chip-glyph" });
    this.halo = make(this.root, "rect", { x: -13, y: -13, width: 26, height: 26, rx: 8, class: "halo" });
    this.box = make(this.root, "rect", { x: -9, y: -9, width: 18, height: 18, rx: 5, class: "chip-box" });
    this.ring = make(this.root, "circle", { r: 5, class: "ring" });
    this.cross = make(this.root, "path", { d: "M-4 -4L4 4M4 -4L-4 4", class: "cross" });
    this.letter = make(this.root, "text", { y: 4, class: "chip-letter" });
    this.corner = make(this.root, "g", { class: "corner", transform: "translate(9 -9)" });
    make(this.corner, "circle", { r: 6.5 });
    this.count = make(this.corner, "text", { y: 3 });
    this.drain = make(this.root, "rect", { x: -9, y: -14, height: 3, width: 18, class: "drain" });
    this.message = "";
    this.show = true;
  }

  /** what: message | ack | nack | confirm | confirm_nack | return | close | dead. */
  draw(x, y, { what = "message", colour, letter, count = 0, drain = -1, selected = false, message = "" }) {
    if (!this.show) {
      this.show = true;
      set(this.root, "visibility", "visible");
    }
    this.message = message;
    const kind = RINGS.has(what) ? `ring-glyph ${what}` : what;
    set(this.root, "class", `chip-glyph k-${colour} ${kind}${count > 0 ? " again" : ""}${drain >= 0 ? " drains" : ""}${selected ? " selected" : ""}`);
    say(this.letter, letter);
    if (count > 0) say(this.count, String(count));
    if (drain >= 0) set(this.drain, "width", (18 * drain).toFixed(1));
    move(this.root, x, y);
  }

  hide() {
    if (!this.show) return;
    this.show = false;
    set(this.root, "visibility", "hidden");
  }
}

/** Chips that are drawn one after the other each frame; what is left over is hidden. */
export class Pool {
  constructor(parent) {
    this.parent = parent;
    this.chips = [];
    this.used = 0;
  }

  begin() {
    this.used = 0;
  }

  next() {
    if (this.used === this.chips.length) this.chips.push(new Chip(this.parent));
    return this.chips[this.used++];
  }

  end() {
    for (let n = this.used; n < this.chips.length && this.chips[n].show; n++) this.chips[n].hide();
  }
}
