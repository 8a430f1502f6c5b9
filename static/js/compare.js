// Two futures of one recording side by side, in step: the same kind of picture at the same t, one deck for both. What
// differs is told in sentences, which the engine makes; a message with two fates is marked in both pictures.

import { el, text } from "./dom.js";
import { marks } from "./chips.js";
import { messageOf } from "./words.js";
import { Playhead } from "./playhead.js";
import { Picture, wireNodes } from "./scene.js";
import { Timeline } from "./timeline.js";

const GO_EVERY_MS = 150;
const ASK_EVERY_MS = 600;
const FAR_US = 10_000_000;

export class Compare {
  /** `other`: the future to compare with; `left`: what could not be carried over to it, in sentences. */
  constructor(stage, other, left, close) {
    this.stage = stage;
    this.other = other;
    this.playhead = new Playhead(stage.playhead.end);
    this.build(left, close);
    this.join();
    this.over = false;
    const frame = (now) => {
      if (this.over) return;
      this.tick(now);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  build(left, close) {
    const { stage } = this;
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", "The other future, in step. Arrow keys go along, Enter selects.");
    this.picture = new Picture(this.svg);
    this.picture.keys = stage.picture.keys; // a key has one colour in both
    this.title = el("h3", { class: "figure-title" });
    this.mine = el("h3", { class: "figure-title" });
    this.figure = el("div", { class: "figure other" }, this.title, this.svg);
    this.list = el("ol", { class: "difference-list" });
    this.totals = el("ul", { class: "difference-totals" });
    this.sum = el("p", { class: "soft", role: "status", textContent: "What differs is being worked out…" });
    this.section = el("section", { class: "differences", "aria-label": "What differs" },
      el("div", { class: "differences-head" }, el("h2", { textContent: "What differs" }), el("button", { type: "button", textContent: "End comparing", onclick: close })),
      ...left.map((why) => el("p", { class: "notice", textContent: why })), this.totals, this.sum, this.list);
    stage.figure.after(this.figure, this.section);
    stage.figure.prepend(this.mine);
    this.bench = stage.figure.parentElement;
    this.bench.classList.add("comparing");
    this.resize = new ResizeObserver(() => (this.width = this.figure.clientWidth || this.width));
    this.resize.observe(this.figure);
    this.width = this.figure.clientWidth;
    this.svg.addEventListener("click", (event) => {
      const message = this.picture.messageAt(event.clientX, event.clientY);
      if (message) stage.select({ message });
    });
    wireNodes(this.svg, () => this.picture, () => {});
  }

  join() {
    const { stage, playhead } = this;
    const at = [Math.floor(stage.playhead.t), 0];
    this.watch = stage.link.watch(stage.watch.recording, {
      scene: (frame) => {
        playhead.show(Timeline.from(frame.future, frame.scene), frame.at[0]);
        this.going = false;
        this.force = true;
      },
      stretch: (frame) => {
        const line = playhead.timeline;
        if (line && frame.future === line.future && line.append(frame.from, frame.to, frame.events)) this.force = true;
      },
      tree: () => {
        playhead.asked = null;
        this.going = false;
        this.asking = null; // what was asked before the connection went will not be answered
      },
      no: (frame) => {
        playhead.asked = null;
        this.going = false;
        this.asking = null;
        if (!playhead.timeline) text(this.sum, frame.why);
      },
      other: (frame) => frame.op === "differences" && this.tell(frame),
    }, () => ({ future: this.other, at }));
  }

  /** The last µs up to which both futures are there. */
  wall() {
    return this.playhead.timeline ? this.playhead.timeline.to[0] : 0;
  }

  end() {
    this.over = true;
    this.stage.link.unwatch(this.watch);
    this.resize.disconnect();
    for (const one of [this.figure, this.section, this.mine]) one.remove();
    this.bench.classList.remove("comparing");
    marks.clear();
    this.stage.force = true;
  }

  tick(now) {
    const { stage, playhead, watch } = this;
    if (watch.recording !== stage.watch.recording) { // a visitor acted, and has a copy now
      stage.link.unwatch(watch);
      this.join();
    }
    const main = stage.playhead;
    const line = playhead.timeline;
    if (!line || !main.timeline) return;
    const t = Math.floor(main.t);
    playhead.speed = main.speed;
    const moved = playhead.t !== main.t;
    const there = line.covers([t, 0]) && playhead.seek(main.t);
    if (!there) {
      playhead.t = Math.min(main.t, line.to[0]);
      const far = t < line.from[0] || t > line.to[0] + FAR_US;
      if (far && !this.going && now - (this.wentAt ?? 0) > GO_EVERY_MS) {
        this.going = watch.go(this.other, [t, 0]);
        this.wentAt = now;
      }
    } else if (moved) line.trim(main.t);
    const wants = watch.joined ? playhead.wants(now) : null;
    if (wants && !watch.more(line.future, wants.after, wants.until)) playhead.asked = null;
    if (!this.width) return; // not laid out yet
    const laid = this.picture.shapeUp(line.scene, this.width, stage.room);
    this.picture.still = stage.still.matches;
    const selected = stage.selection.message ?? "";
    if (moved || laid || this.force || selected !== this.selected) this.picture.draw(line.scene, there ? main.t : playhead.t, selected);
    this.selected = selected;
    this.force = false;
    this.ask(t, now);
  }

  /** Ask what differs, whenever the moment or the future is another; one question at a time. */
  ask(t, now) {
    const future = this.stage.playhead.timeline.future;
    const question = `${future} ${t}`;
    if (!this.watch.joined || this.asking || question === this.answered || now - (this.askedAt ?? -Infinity) < ASK_EVERY_MS) return;
    if (this.stage.playhead.held || future === this.other) return;
    this.askedAt = now;
    this.asking = this.watch.differ(future, this.other, t) ? question : null;
  }

  tell({ future, t, differences }) {
    this.answered = `${future} ${t}`;
    this.asking = null;
    const { names, totals, count, later, sentences, messages } = differences;
    const capital = (words) => words[0].toUpperCase() + words.slice(1);
    text(this.mine, capital(names[0]));
    text(this.title, capital(names[1]));
    marks.clear();
    for (const message of messages) marks.add(message);
    this.force = this.stage.force = true;
    this.totals.replaceChildren(...totals.filter(({ one, other }) => one !== other).map(({ what, one, other }) =>
      el("li", { class: "figures" }, `${what} `, el("strong", { textContent: String(one) }), " against ", el("strong", { textContent: String(other) }))));
    const only = later ? ` ${later} ${later === 1 ? "fares" : "fare"} the same, only earlier or later${count ? "" : " so far"}.` : "";
    text(this.sum, count === 0 && later === 0 ? "Nothing differs up to here." : `${count === 1 ? "One message has" : `${count || "No"} messages have`} two fates.${only}`);
    this.draw(sentences);
  }

  draw(sentences) {
    const { keys } = this.picture;
    const told = JSON.stringify(sentences);
    if (told === this.told) return;
    this.told = told;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.message : null;
    this.list.replaceChildren(...sentences.map(({ message, key, text: words, two }) => el("li", { class: two ? "two" : "later" },
      el("button", {
        type: "button", class: `key-chip k-${keys.colour(key)}`, textContent: keys.letter(key), title: `Follow ${message} in both`,
        "aria-label": `Follow ${message} in both`, "data-message": message, onclick: () => this.stage.select({ message: messageOf(message) }),
      }),
      el("span", { class: "said", textContent: words }))));
    if (focused) this.list.querySelector(`[data-message="${CSS.escape(focused)}"]`)?.focus();
  }
}
