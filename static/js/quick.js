// Acts within the picture: beside the node that one chose stand the few that are most natural, by pointer, touch and key.

import { el } from "./dom.js";
import { offersOf } from "./offers.js";

const SHOWN = 3;
const GAP_PX = 6;
const LONG_PRESS_MS = 500;

export class Quick {
  constructor(stage) {
    this.stage = stage;
    this.node = "";
    this.root = el("div", { class: "quick", role: "toolbar", hidden: true });
    stage.figure.append(this.root);
    this.root.addEventListener("keydown", (event) => this.walk(event));
    stage.svg.addEventListener("contextmenu", (event) => {
      const node = event.target.closest?.("[data-node]")?.dataset.node ?? this.cursor();
      if (node && this.open(node, event.button !== 2 && event.pointerType !== "touch")) event.preventDefault();
    });
    stage.svg.addEventListener("click", (event) => {
      const node = event.target.closest?.("[data-node]")?.dataset.node;
      if (node && !stage.picture.messageAt(event.clientX, event.clientY)) this.open(node, false);
      else this.close();
    });
    this.touch();
    document.addEventListener("pointerdown", (event) => {
      if (!this.root.hidden && !this.root.contains(event.target) && !stage.svg.contains(event.target)) this.close();
    });
  }

  /** A long press opens it too, where a touch makes no context menu. */
  touch() {
    let timer = 0;
    this.stage.svg.addEventListener("pointerdown", (event) => {
      const node = event.target.closest?.("[data-node]")?.dataset.node;
      if (event.pointerType === "touch" && node) timer = setTimeout(() => this.open(node, false), LONG_PRESS_MS);
    });
    for (const end of ["pointerup", "pointercancel", "pointermove"]) this.stage.svg.addEventListener(end, () => clearTimeout(timer));
  }

  cursor() {
    return this.stage.svg.querySelector(".node.cursor")?.dataset.node ?? "";
  }

  /** Show the acts on a node. Returns whether there are any. */
  open(name, focus) {
    const line = this.stage.playhead.timeline;
    const offers = line ? offersOf(line.scene, name) : [];
    if (!offers.length) return false;
    this.close();
    if (this.stage.selection.node !== name) this.stage.select({ node: name });
    this.stage.acts.choose(name);
    this.node = name;
    this.root.setAttribute("aria-label", `Acts on ${name}`);
    this.fill(line.scene);
    this.root.hidden = false;
    this.place();
    if (focus) this.root.querySelector("button").focus();
    return true;
  }

  /** Its buttons; made anew only where they differ, and the focus stays on its place. */
  fill(scene) {
    const offers = offersOf(scene, this.node).filter((one) => !one.why).slice(0, SHOWN);
    const shape = `${this.node}|${offers.map((one) => one.words)}`;
    if (shape === this.shape) return;
    this.shape = shape;
    const at = Array.from(this.root.children).indexOf(document.activeElement);
    const more = el("button", { type: "button", textContent: "More…", "aria-label": `More acts on ${this.node}`, onclick: () => this.more() });
    this.root.replaceChildren(...offers.map((one) => el("button", { type: "button", textContent: one.short, "aria-label": one.words, title: one.words, onclick: () => this.stage.act(one.command) })), more);
    Array.from(this.root.children).forEach((button, n) => (button.tabIndex = n ? -1 : 0));
    if (at >= 0) (this.root.children[at] ?? this.root.lastChild).focus();
  }

  more() {
    const { stage, node } = this;
    this.close();
    if (!stage.acts.choose(node)) return;
    stage.side.show("Act");
    stage.acts.select.focus();
  }

  /** Below the node or above it, where it covers less of the others; never over the edge. */
  place() {
    const { svg, figure } = this.stage;
    const glyph = svg.querySelector(`[data-node="${CSS.escape(this.node)}"]`);
    if (!glyph) return;
    const outer = figure.getBoundingClientRect();
    const box = glyph.getBoundingClientRect();
    const others = Array.from(svg.querySelectorAll("[data-node]")).filter((one) => one !== glyph).map((one) => one.getBoundingClientRect());
    const { offsetWidth: width, offsetHeight: height } = this.root;
    const left = Math.max(outer.left + 4, Math.min(outer.right - width - 4, box.left + (box.width - width) / 2));
    const tops = [box.bottom + GAP_PX, box.top - height - GAP_PX].filter((top) => top >= outer.top && top + height <= outer.bottom);
    const covered = (top) => others.reduce((sum, one) => sum + Math.max(0, Math.min(left + width, one.right) - Math.max(left, one.left)) * Math.max(0, Math.min(top + height, one.bottom) - Math.max(top, one.top)), 0);
    const top = tops.sort((a, b) => covered(a) - covered(b))[0] ?? box.bottom + GAP_PX;
    this.root.style.left = `${left - outer.left + figure.scrollLeft}px`;
    this.root.style.top = `${top - outer.top + figure.scrollTop}px`;
  }

  close() {
    if (this.root.hidden) return;
    const inside = this.root.contains(document.activeElement);
    this.root.hidden = true;
    this.node = "";
    if (inside) this.stage.svg.focus();
  }

  walk(event) {
    const buttons = Array.from(this.root.children);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.close();
    else if (step) buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // --- what the stage asks

  /** Something else is chosen, or nothing. */
  selected({ node }) {
    if (this.node && node !== this.node) this.close();
  }

  draw(line) {
    if (!this.node) return;
    if (line.scene.nodes.has(this.node)) this.fill(line.scene);
    else this.close();
  }

  key(event) {
    if (event.key === "Escape" && this.node) {
      this.close();
      return true;
    }
    return false;
  }
}
