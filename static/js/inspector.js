// The facts of the selected thing as a list of terms; what is in focus is not thrown away by an update.

import { el } from "./dom.js";

export class Inspector {
  constructor(prose) {
    this.prose = prose;
    this.list = el("dl", { class: "facts" });
    this.root = el("details", { class: "inspector" }, el("summary", { textContent: "What an operator sees" }), this.list);
    this.rows = new Map();
  }

  /** Another thing was selected. */
  clear() {
    this.rows.clear();
    this.list.replaceChildren();
  }

  /** Show these facts: [[term, [item, …]], …]. */
  draw(facts) {
    const terms = new Set(facts.map(([term]) => term));
    for (const [term, row] of this.rows) {
      if (terms.has(term) || row.dd.contains(document.activeElement)) continue;
      row.dt.remove();
      row.dd.remove();
      this.rows.delete(term);
    }
    let before = this.list.firstChild;
    for (const [term, items] of facts) {
      let row = this.rows.get(term);
      if (!row) this.rows.set(term, (row = { dt: el("dt", { textContent: term }), dd: el("dd"), said: "" }));
      if (row.dt === before) before = row.dd.nextSibling;
      else {
        this.list.insertBefore(row.dt, before);
        this.list.insertBefore(row.dd, before);
      }
      const said = JSON.stringify(items);
      if (row.said === said || row.dd.contains(document.activeElement)) continue;
      row.said = said;
      row.dd.classList.toggle("wide", items[0].table !== undefined);
      row.dd.replaceChildren(...items.map((item) => this.item(item, term)));
    }
  }

  item(item, term) {
    if (item.table !== undefined) return this.table(item.table, term);
    if (typeof item === "string") return document.createTextNode(item);
    if (item.code !== undefined) return el("code", { textContent: item.code });
    if (item.node !== undefined) return this.prose.part("node", item.node === "amq.default" ? "the default exchange" : item.node, item.node);
    const name = item.message.includes("@") ? item.message.slice(0, item.message.indexOf("@")) : item.message;
    return this.prose.message(name, item.words ?? name);
  }
  /** A table of cells that are lists of items; what a row is about stands in its first cell. */
  table({ head, rows }, term) {
    const cell = (items, n) => el(n ? "td" : "th", n ? {} : { scope: "row" }, ...items.map((item) => this.item(item)));
    return el("table", { "aria-label": term }, el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col", textContent: name })))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell)))));
  }
}
