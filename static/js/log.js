// The events before the playhead as readable text, newest first: the accessible twin of the figure.

import { el } from "./dom.js";
import { sentence } from "./sentences.js";
import { messageOf, seconds } from "./words.js";

const SHOWN = 120;
const EVERY_MS = 200;

export class Log {
  /** `onGo(t)` and `onSelect(message)` when a row's buttons are pressed. */
  constructor(keys, { onGo, onSelect }) {
    this.keys = keys;
    this.onGo = onGo;
    this.onSelect = onSelect;
    this.list = el("ol", { class: "log", "aria-label": "Events, newest first" });
    this.only = el("p", { class: "only", hidden: true });
    this.root = el("div", { class: "log-panel" }, this.only, this.list);
    this.rows = new Map();
    this.last = -EVERY_MS;
    this.state = "";
  }

  /** Show what lies before the playhead; at most five times a second. */
  draw(timeline, selected, now, force = false) {
    if (!force && now - this.last < EVERY_MS) return;
    const state = `${timeline.index}|${timeline.events.length}|${timeline.future}|${selected}`;
    if (state === this.state) return;
    this.state = state;
    this.last = now;
    this.filter(selected);
    const wanted = [];
    for (let n = timeline.index - 1; n >= 0 && wanted.length < SHOWN; n--) {
      const event = timeline.events[n];
      if (!selected || this.about(event, selected)) wanted.push(event);
    }
    const keep = new Set(wanted);
    for (const [event, row] of this.rows) {
      if (!keep.has(event)) {
        if (row.contains(document.activeElement)) continue; // focus is never thrown away
        row.remove();
        this.rows.delete(event);
      }
    }
    let before = this.list.firstChild;
    for (const event of wanted) {
      let row = this.rows.get(event);
      if (!row) this.rows.set(event, (row = this.row(event)));
      if (row === before) before = before.nextSibling;
      else this.list.insertBefore(row, before);
    }
  }

  about(event, selected) {
    return (event.of ?? []).some((name) => messageOf(name) === selected);
  }

  filter(selected) {
    if (this.only.dataset.message === selected) return;
    this.only.dataset.message = selected;
    this.only.hidden = !selected;
    this.only.replaceChildren();
    if (selected) {
      this.only.append(el("strong", { textContent: selected }), " only ", el("button", { type: "button", textContent: "Show all", onclick: () => this.onSelect("") }));
    }
  }

  row(event) {
    const time = el("button", { type: "button", class: "when", textContent: seconds(event.t), title: "Go to this moment", onclick: () => this.onGo(event.t) });
    const said = el("span", { class: "said" });
    const message = event.of?.length ? messageOf(event.of[0]) : "";
    if (message && event.key !== undefined) {
      said.append(el("button", {
        type: "button", class: `key-chip k-${this.keys.colour(event.key)}`, textContent: this.keys.letter(event.key),
        title: `Follow ${message}`, "aria-label": `Follow ${message}`, onclick: () => this.onSelect(message),
      }), " ");
    }
    said.append(sentence(event));
    if (event.rule) said.append(el("a", { class: "rule-link", href: `/rules/#${encodeURIComponent(event.rule)}`, textContent: event.rule }));
    return el("li", { class: `event ${event.kind}` }, time, said);
  }
}
