// The page beside the figure that tells of the selected message or node: why it is where it is, its story with the deciding
// sentence lit, and what an operator sees of it.

import { el, text } from "./dom.js";
import { factsOf } from "./facts.js";
import { Inspector } from "./inspector.js";
import { lettersOf } from "./letter.js";
import { Life } from "./life.js";
import { ruleLink } from "./wording.js";
import { textOf } from "./sentence.js";
import { deciding, NODE_LINES_MAX, nodeStory, ruleSentence, story } from "./story.js";
import { why } from "./why.js";
import { seconds } from "./words.js";

const EVERY_MS = 200;
const TELL_EVERY_MS = 2_000;
const NEAR_END_PX = 48;
const HOW = "Choose a message or a node to read its story: press it in the picture, or go there with the arrow keys and press Enter.";

export class Teller {
  /** `on`: go(t), select(selection), act(node), next(), past(). */
  constructor(prose, past, on) {
    this.prose = prose;
    this.past = past;
    this.on = on;
    const button = (label, press, more = {}) => el("button", { type: "button", textContent: label, onclick: press, ...more });
    this.none = el("p", { class: "story-none soft", textContent: HOW });
    this.title = el("h2", { tabIndex: -1 });
    this.next = button("Next", () => on.next(), { title: "Go to the next thing that happens to this message (key: n)" });
    this.next.append(el("span", { class: "visually-hidden", textContent: " thing that happens to it" }));
    this.act = button("Act on it", () => on.act(this.shown.node));
    this.clear = button("Clear", () => on.select(null), { title: "Select nothing (key: Escape)" });
    this.ahead = el("p", { class: "ahead soft", role: "status" });
    this.now = el("div", { class: "why", role: "group", "aria-label": "Where it is, and why" });
    this.spoken = el("p", { class: "visually-hidden", role: "status" });
    this.missing = el("span");
    this.load = button("Load it", () => on.past());
    this.partial = el("p", { class: "partial soft" }, this.missing, " ", this.load);
    this.lines = el("ol", { class: "story-lines" });
    this.inspector = new Inspector(prose);
    this.some = el("div", { class: "story-some", hidden: true },
      el("div", { class: "story-head" }, this.title, el("div", { class: "story-acts" }, this.next, this.act, this.clear)),
      this.ahead, this.now, this.spoken, (this.box = el("div", { class: "story-box" }, this.inspector.root, this.partial, this.lines)));
    this.root = el("div", { class: "story", tabIndex: -1 }, this.none, this.some);
    this.rows = new Map(); // an event's name -> its line
    this.reasons = new Map();
    this.shown = {};
    this.life = null;
    this.last = -EVERY_MS;
    this.told = -TELL_EVERY_MS;
    this.state = "";
  }

  /** Another thing was selected, or none. */
  select(selection) {
    const inside = this.root.contains(document.activeElement); // what was pressed will be gone
    this.shown = selection;
    this.life = selection.message ? new Life(selection.message) : null;
    this.some.hidden = !selection.message && !selection.node;
    this.none.hidden = !this.some.hidden;
    this.next.hidden = !selection.message;
    this.state = "";
    this.toEnd = true;
    this.rows.clear();
    this.lines.replaceChildren();
    this.reasons.clear();
    this.now.replaceChildren();
    this.inspector.clear();
    this.inspector.root.open = Boolean(selection.node);
    text(this.ahead, "");
    if (inside) (this.some.hidden ? this.root : this.title).focus();
  }

  /** Take the message's life up to the playhead; also while the page is hidden. */
  follow(line) {
    return this.life?.follow(line, this.past) ?? null;
  }

  /** Show what there is to tell; while time runs at most five times a second. */
  draw(line, now, { playing, actable }, force = false) {
    if (this.some.hidden || (!force && now - this.last < EVERY_MS)) return;
    const { message, node } = this.shown;
    const state = `${line.index}|${line.events.length}|${line.future}|${line.from}|${this.past.from}|${this.past.loading}|${this.past.wrong}`;
    if (state === this.state) return;
    this.state = state;
    this.last = now;
    const scene = line.scene;
    this.act.hidden = !node || !actable;
    if (message) {
      const gathered = this.follow(line);
      const published = gathered.actions[0]?.[0];
      const key = published?.kind === "Published" ? published.routing_key : "";
      this.head([this.prose.chip(message), el("span", { textContent: message }), key ? el("code", { class: "soft", textContent: key }) : ""], `${message} ${key} ${this.prose.keyOf(message)}`);
      this.reason(why(scene, gathered));
      this.inspector.draw(lettersOf(gathered, scene));
      this.begin(!this.life.whole, this.life.since);
      this.tell(story(gathered, scene));
    } else if (scene.nodes.has(node)) {
      const label = node === "amq.default" ? "the default exchange" : node;
      this.head([label], label);
      this.inspector.draw(factsOf(node, scene));
      const lines = this.lately(line, node);
      text(this.missing, lines.length ? "What it did last, newest first:" : "It has done nothing within what is loaded.");
      this.partial.hidden = false;
      this.load.hidden = true;
      this.tell(lines.reverse());
    } else {
      this.head([node], node);
      text(this.missing, `There is no ${node} in the lab at this moment.`);
      this.partial.hidden = false;
      this.load.hidden = true;
      this.inspector.draw([]);
      this.tell([]);
    }
    this.speak(now, playing);
  }

  /** What a node did last, also before what the timeline holds. */
  lately(line, node) {
    const lines = nodeStory(line.events, node, line.scene, line.index);
    if (lines.length >= NODE_LINES_MAX || !this.past.joins(line)) return lines;
    return [...nodeStory(this.past.events, node, line.scene), ...lines].slice(-NODE_LINES_MAX);
  }

  head(parts, name) {
    if (this.title.dataset.name === name && this.title.childNodes.length) return;
    this.title.dataset.name = name;
    this.title.replaceChildren(...parts);
  }

  /** The first line says so where the beginning is not loaded. */
  begin(missing, since) {
    this.partial.hidden = !missing;
    this.load.hidden = this.past.loading;
    const wrong = this.past.wrong ? ` ${this.past.wrong}` : "";
    text(this.missing, this.past.loading ? "Loading what happened before…" : `What happened to it before ${seconds(since[0])} s is not loaded.${wrong}`);
  }

  reason(reasons) {
    const seen = new Set();
    for (const one of reasons) {
      const said = textOf(one.sentence);
      const key = `${one.of}|${said}`;
      seen.add(key);
      let row = this.reasons.get(key);
      if (!row) {
        row = this.prose.put(el("p"), one.sentence);
        if (one.rule) row.append(" ", ruleLink(one.rule, ruleSentence(one.rule)));
        this.reasons.set(key, row);
      }
      if (!row.isConnected) this.now.append(row);
    }
    for (const [key, row] of this.reasons) {
      if (seen.has(key)) continue;
      if (row.contains(document.activeElement)) this.title.focus(); // what was in focus is no longer true
      row.remove();
      this.reasons.delete(key);
    }
  }

  /** The lines; those that are there already stay as they are, and what is in focus is not thrown away. */
  tell(lines) {
    const { box } = this;
    const atEnd = this.toEnd || box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
    const lit = this.shown.message ? deciding(lines) : -1;
    const names = new Set(lines.map((line) => line.name));
    for (const [name, row] of this.rows) {
      if (names.has(name) || row.contains(document.activeElement)) continue;
      row.remove();
      this.rows.delete(name);
    }
    let before = this.lines.firstChild;
    lines.forEach((line, n) => {
      let row = this.rows.get(line.name);
      if (!row) this.rows.set(line.name, (row = this.row(line)));
      if (row === before) before = before.nextSibling;
      else this.lines.insertBefore(row, before);
      row.classList.toggle("lit", n === lit);
      if (n === lit) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
    if (atEnd && this.shown.message) {
      box.scrollTop = box.scrollHeight;
      this.toEnd = false;
    }
  }

  row(line) {
    const time = line.kind === "Gap" ? el("span") : el("button", { type: "button", class: "when", textContent: seconds(line.t), title: "Go to this moment", onclick: () => this.on.go(line.t) });
    const said = this.prose.put(el("span", { class: "said" }), line.sentence);
    if (line.rule) said.append(ruleLink(line.rule, ruleSentence(line.rule), true));
    return el("li", { class: `event ${line.kind}` }, time, said);
  }

  /** What a screen reader is told: where the message is, at once when time stands, else now and then. */
  speak(now, playing) {
    if (!this.shown.message || (playing && now - this.told < TELL_EVERY_MS)) return;
    this.told = now;
    const first = this.now.firstElementChild;
    text(this.spoken, first ? `${this.shown.message}: ${first.firstChild ? Array.from(first.childNodes).filter((one) => one.nodeName !== "A").map((one) => one.textContent).join("").trim() : ""}` : "");
  }
}
