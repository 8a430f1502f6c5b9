// The picture as a table that is live: each node, what it is, and what it is doing, in words.

import { el, text } from "./dom.js";
import { stateWords } from "./facts.js";

const ORDER = ["broker", "you", "producer", "client", "exchange", "queue", "consumer"];

export class Roll {
  constructor(prose) {
    this.prose = prose;
    this.body = el("tbody");
    const head = el("thead", {}, el("tr", {}, ...["Name", "What", "Now"].map((words) => el("th", { scope: "col", textContent: words }))));
    this.travelling = el("p", { class: "soft" });
    this.root = el("details", { class: "roll" }, el("summary", { textContent: "The picture as a table" }), el("table", {}, head, this.body), this.travelling);
    this.rows = new Map();
    this.shape = "";
  }

  draw(scene) {
    if (!this.root.open) return;
    const shape = Array.from(scene.nodes.keys()).join("\n");
    if (shape !== this.shape) this.fill(scene, shape);
    for (const [name, state] of this.rows) text(state, stateWords(name, scene.nodes.get(name), scene));
    const flights = scene.flights.size;
    text(this.travelling, flights === 0 ? "Nothing is on its way." : flights === 1 ? "One thing is on its way." : `${flights} things are on their way.`);
  }

  fill(scene, shape) {
    this.shape = shape;
    const focused = this.body.contains(document.activeElement) ? document.activeElement.textContent : null;
    this.rows.clear();
    const nodes = Array.from(scene.nodes).sort(([, a], [, b]) => ORDER.indexOf(a.what) - ORDER.indexOf(b.what));
    this.body.replaceChildren(...nodes.map(([name, node]) => {
      const state = el("td");
      this.rows.set(name, state);
      const label = name === "amq.default" ? "(default)" : name;
      return el("tr", {}, el("th", { scope: "row" }, this.prose.part("node", label, name)), el("td", { textContent: node.what }), state);
    }));
    if (focused !== null) Array.from(this.body.querySelectorAll("button")).find((one) => one.textContent === focused)?.focus();
  }
}
