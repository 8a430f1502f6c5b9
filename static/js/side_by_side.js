// <mq-side-by-side>: one workload on several systems, each in a picture of its own, all at the same time; one deck for all. What
// the pictures show stands below them in numbers too. A message that is chosen is followed in all of them: it has one name.

import { Keys } from "./chips.js";
import { Deck, wireKeys } from "./deck.js";
import { el, text } from "./dom.js";
import { Link } from "./link.js";
import { Pane } from "./pane.js";
import { Tree } from "./timeline.js";
import { readPlace, seconds, writePlace } from "./words.js";

const TOLD_EVERY_MS = 250;
const WORKER = /^worker(-\d+)?$/; // as all systems name their consumers
const STRIDE_MS = 250; // a page that was away does not make up for it
const COLUMNS = [["published", "Sent"], ["ready", "Waiting in the broker"], ["worked", "In the hands of consumers"], ["handled", "Times handled"], ["lost", "Lost"], ["twice", "Handled twice"], ["order", "Out of order"]];

/** The time that all pictures share, as the deck reads it. */
class Clock {
  constructor(end) {
    this.end = end;
    this.t = 0;
    this.playing = false;
    this.speed = 1;
    this.timeline = { from: [0, 0], to: [0, 0], future: "0" };
  }

  get plays() {
    return this.playing;
  }
}

class SideBySide extends HTMLElement {
  connectedCallback() {
    if (this.clock) return;
    this.clock = new Clock(Number(this.dataset.seconds) * 1_000_000);
    this.keys = new Keys();
    this.panes = [];
    this.tree = new Tree();
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    const place = readPlace(location.hash);
    this.selected = place.selection.message ?? "";
    this.clock.t = Math.min(place.t ?? 0, this.clock.end);
    this.clock.playing = place.t === null && !this.still.matches;
    this.states = { connected: null, why: "" };
    this.build();
    addEventListener("hashchange", () => this.visit(readPlace(location.hash)));
    this.begin().catch((error) => text(this.said, error.message));
  }

  build() {
    this.deck = new Deck({
      start: () => this.seek(0),
      back: () => this.back(),
      play: () => this.play(!this.clock.playing),
      step: () => this.step(),
      speed: (x) => (this.clock.speed = x),
      seek: (t) => this.seek(t),
      scrub: (t) => this.seek(t, false),
      rest: () => this.remember(),
      future: () => {},
    });
    this.said = el("p", { class: "soft state", role: "status", textContent: "Loading the pictures…" });
    this.follow = el("input", { name: "follow", autocomplete: "off", size: 10, value: this.selected, placeholder: "web-1", spellcheck: false });
    const follow = el("form", { class: "follow", onsubmit: (event) => {
      event.preventDefault();
      this.select(this.follow.value.trim());
    } }, el("label", {}, "Follow a message in all of them ", this.follow), el("button", { type: "submit", textContent: "Follow" }), el("button", { type: "button", textContent: "None", onclick: () => this.select("") }));
    this.body = el("tbody");
    this.head = el("tr", {}, el("th", { scope: "col", textContent: "System" }), ...COLUMNS.map(([, words]) => el("th", { scope: "col", textContent: words })));
    this.caption = el("caption");
    const table = el("table", {}, this.caption, el("thead", {}, this.head), this.body);
    this.grid = el("div", { class: "panes" }, ...this.querySelectorAll("article"));
    this.twin = el("div", { class: "scroll twin", tabIndex: 0, role: "region" }, table);
    this.twin.setAttribute("aria-label", "The pictures in numbers");
    this.replaceChildren(this.grid, this.deck.root, this.said, follow, this.twin);
    wireKeys({ playhead: this.clock, play: (on) => this.play(on), back: () => this.back(), step: () => this.step(), ask: () => "" });
  }

  async begin() {
    const { open, token, workload } = this.dataset;
    const answer = await fetch(open, { method: "POST", headers: { "X-CSRFToken": token }, body: new URLSearchParams({ workload }) });
    if (!answer.ok) throw new Error(`The pictures cannot be opened here (${answer.status}). The table above says the same.`);
    const found = await answer.json();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const link = new Link(`${scheme}://${location.host}/ws/lab/`);
    link.onState = (connected, why) => Object.assign(this.states, { connected, why });
    for (const article of this.grid.querySelectorAll("article")) {
      if (found[article.dataset.system]) this.panes.push(new Pane(this, article, link, found[article.dataset.system]));
    }
    link.connect();
    const frame = (now) => {
      this.tick(now);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** A pane has its scene: the mishaps stand on the time scale. */
  came() {
    const most = this.panes.reduce((best, pane) => (pane.tree.acts.size > best.tree.acts.size ? pane : best), this.panes[0]);
    if (most.tree.acts.size && this.tree.acts.size !== most.tree.acts.size) {
      const told = ({ command }) => (command.do === "restart" && !WORKER.test(command.node) ? { ...command, node: "the brokers" } : command);
      this.tree = new Tree(Array.from(most.tree.acts.values(), (act) => ({ ...act, command: told(act) })));
      this.clock.timeline.future = most.future;
    }
  }

  tick(now) {
    const { clock } = this;
    const passed = Math.min(STRIDE_MS, now - (this.now ?? now));
    this.now = now;
    const wall = Math.min(clock.end, ...this.panes.map((pane) => pane.wall));
    const seen = this.panes.some((pane) => pane.seen);
    if (clock.playing && seen && clock.t < wall) clock.t = Math.min(wall, clock.t + passed * 1000 * clock.speed);
    if (clock.playing && clock.t >= clock.end) this.play(false);
    for (const pane of this.panes) pane.tick(clock.t, now);
    if (seen) {
      clock.timeline.to = [wall, 0];
      clock.timeline.from = [Math.max(0, ...this.panes.filter((pane) => pane.seen && pane.playhead.timeline).map((pane) => pane.playhead.timeline.from[0])), 0];
    }
    if (this.wantStep) this.step();
    this.deck.draw(clock, this.tree, "");
    if (now - (this.toldAt ?? 0) > TOLD_EVERY_MS) {
      this.toldAt = now;
      this.tell();
    }
    text(this.said, this.words(wall));
  }

  words(wall) {
    if (this.states.why) return this.states.why;
    if (this.states.connected === false) return "The connection is away; trying again. What was loaded can be played.";
    if (this.clock.playing && this.clock.t >= wall && wall < this.clock.end) return "Loading…";
    return this.clock.t >= this.clock.end ? "The time that is watched is over." : "";
  }

  /** The pictures in numbers, for everybody who does not see them, and for the paper. */
  tell() {
    text(this.caption, `At ${seconds(this.clock.t)} s`);
    const follows = this.selected !== "";
    if (this.head.children.length !== COLUMNS.length + 1 + (follows ? 1 : 0)) {
      if (follows) this.head.append(el("th", { scope: "col" }));
      else this.head.lastChild.remove();
    }
    if (follows) text(this.head.lastChild, this.selected);
    for (const [n, pane] of this.panes.entries()) {
      const counts = pane.counts();
      const cells = COLUMNS.map(([name]) => (counts ? String(counts[name]) : "…"));
      if (follows) cells.push(pane.whereabouts(this.selected));
      const row = this.body.children[n] ?? this.body.appendChild(el("tr", {}, el("th", { scope: "row", textContent: pane.title })));
      while (row.children.length > cells.length + 1) row.lastChild.remove();
      cells.forEach((value, at) => text(row.children[at + 1] ?? row.appendChild(el("td")), value));
    }
  }

  // --- going about

  play(on) {
    if (on && this.clock.t >= this.clock.end) this.clock.t = 0;
    this.clock.playing = on;
    if (!on) this.remember();
  }

  seek(t, settled = true) {
    this.clock.t = Math.max(0, Math.min(this.clock.end, t));
    if (settled && !this.clock.playing) this.remember();
  }

  /** To the next moment at which anything happens in any of them. */
  step() {
    const { clock } = this;
    clock.playing = false;
    const shown = this.panes.filter((pane) => pane.seen);
    const times = shown.map((pane) => pane.next(clock.t)).filter((t) => t !== null);
    const next = Math.min(clock.end, ...times);
    this.wantStep = shown.some((pane) => pane.next(clock.t) === null && pane.wall < next);
    if (this.wantStep) return;
    this.seek(next);
  }

  back() {
    this.clock.playing = false;
    this.wantStep = false;
    const times = this.panes.filter((pane) => pane.seen).map((pane) => pane.before(this.clock.t)).filter((t) => t !== null);
    this.seek(Math.max(0, ...times));
  }

  select(message) {
    this.selected = message.slice(0, 255);
    if (this.follow.value !== this.selected) this.follow.value = this.selected;
    this.toldAt = 0;
    this.remember();
  }

  visit({ t, selection }) {
    if ((selection.message ?? "") !== this.selected) this.select(selection.message ?? "");
    if (t !== null && t !== Math.floor(this.clock.t)) {
      this.clock.playing = false;
      this.seek(t);
    }
  }

  /** The address says where one looks. */
  remember() {
    const selection = this.selected ? { message: this.selected } : {};
    history.replaceState(null, "", writePlace({ t: Math.floor(this.clock.t), selection, future: "0" }));
  }
}

customElements.define("mq-side-by-side", SideBySide);
