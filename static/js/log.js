// The events before the playhead as readable text, newest first, and the picture as a table: the accessible twin of the
// figure. Both follow the playhead; what is selected can be read alone.

import { el } from "./dom.js";
import { ruleLink } from "./wording.js";
import { bookOf, lineOf, touches } from "./story.js";
import { Roll } from "./roll.js";
import { messageOf, seconds } from "./words.js";

const SHOWN = 120;
const EVERY_MS = 200;

export class Log {
  /** `onGo(t)` and `onSelect(selection)` when a row's buttons are pressed. */
  constructor(prose, past, { onGo, onSelect }) {
    this.prose = prose;
    this.past = past;
    this.onGo = onGo;
    this.onSelect = onSelect;
    this.list = el("ol", { class: "log", "aria-label": "Events, newest first" });
    this.only = el("p", { class: "only", hidden: true });
    this.roll = new Roll(prose);
    this.nothing = el("p", { class: "soft", textContent: "There is nothing within what is loaded before this moment.", hidden: true });
    this.root = el("div", { class: "log-panel", tabIndex: -1 }, this.roll.root, this.only, this.nothing, this.list);
    this.rows = new Map();
    this.last = -EVERY_MS;
    this.state = "";
    this.chosen = "";
  }

  /** Show what lies before the playhead; at most five times a second while time runs. */
  draw(timeline, selection, now, force = false) {
    if (!force && now - this.last < EVERY_MS) return;
    this.roll.draw(timeline.scene);
    const chosen = selection.message ?? selection.node ?? "";
    const state = `${timeline.index}|${timeline.events.length}|${timeline.future}|${chosen}|${this.past.from}`;
    if (state === this.state) return;
    this.state = state;
    this.last = now;
    this.filter(chosen);
    const wanted = [];
    const take = (events, to) => {
      for (let n = to - 1; n >= 0 && wanted.length < SHOWN; n--) if (!chosen || this.about(events[n], selection)) wanted.push(events[n]);
    };
    take(timeline.events, timeline.index);
    if (this.past.joins(timeline)) take(this.past.events, this.past.events.length);
    this.nothing.hidden = wanted.length > 0;
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
      if (!row) this.rows.set(event, (row = this.row(event, timeline.scene)));
      if (row === before) before = before.nextSibling;
      else this.list.insertBefore(row, before);
    }
  }

  about(event, { message, node }) {
    if (message) return (event.of ?? []).some((name) => messageOf(name) === message);
    return touches(event, node);
  }

  filter(chosen) {
    if (this.chosen === chosen) return;
    this.chosen = chosen;
    this.only.hidden = !chosen;
    this.only.replaceChildren();
    if (chosen) {
      this.only.append(el("strong", { textContent: chosen }), " only ", el("button", { type: "button", textContent: "Show all", onclick: () => {
        this.onSelect(null);
        this.root.focus();
      } }));
    }
  }

  row(event, scene) {
    const time = el("button", { type: "button", class: "when", textContent: seconds(event.t), title: "Go to this moment", onclick: () => this.onGo(event.t) });
    const said = this.prose.put(el("span", { class: "said" }), lineOf(event, bookOf(scene), scene, "").sentence);
    if (event.rule) said.append(ruleLink(event.rule));
    return el("li", { class: `event ${event.kind}` }, time, said);
  }
}
