// The transport under the figure: to start, back, play, step, speed; a timeline with the acts as flags, which is a
// slider with its value in words.

import { choice, el, text } from "./dom.js";
import { SPEEDS } from "./playhead.js";
import { commandWords, futureWords, seconds } from "./words.js";

const SPAN_S_MIN = 30;
const FLAG_PX = 96;

export class Deck {
  /** `on`: start, back, play, step, speed(x), seek(µs), scrub(µs) while the slider moves, rest() after it, future(name). */
  constructor(on) {
    this.on = on;
    const button = (label, words, press) => el("button", { type: "button", textContent: label, title: words, "aria-label": words, onclick: press });
    this.start = button("|◂", "To the start", () => on.start());
    this.back = button("◂", "Step back", () => on.back());
    this.playSign = el("span", { "aria-hidden": "true" });
    this.play = el("button", { type: "button", class: "play", "aria-label": "Play", onclick: () => on.play() }, this.playSign);
    this.step = button("▸", "Step", () => on.step());
    this.speed = choice(SPEEDS.map((x) => [String(x), `${x} ×`]), "1");
    this.speed.setAttribute("aria-label", "Speed");
    this.speed.addEventListener("change", () => on.speed(Number(this.speed.value)));
    this.loaded = el("div", { class: "loaded" });
    this.flags = el("div", { class: "flags" });
    this.slider = el("input", { type: "range", min: 0, max: SPAN_S_MIN, step: 0.01, value: 0, "aria-label": "Time" });
    this.slider.addEventListener("input", () => on.scrub(Math.round(Number(this.slider.value) * 1_000_000)));
    this.slider.addEventListener("change", () => on.rest());
    this.rail = el("div", { class: "rail" }, this.loaded, this.slider);
    this.time = el("output", { class: "clock mono", textContent: "0.00 s" });
    this.futures = el("select", { class: "futures", "aria-label": "Future" });
    this.futures.addEventListener("change", () => on.future(this.futures.value));
    this.futureBox = el("label", { class: "future-box" }, "Future ", this.futures);
    this.say = el("p", { class: "deck-state", role: "status" });
    this.back.title += " (key: ,)";
    this.step.title += " (key: .)";
    this.foot = el("div", { class: "deck-foot" }, this.say, this.futureBox);
    this.root = el("div", { class: "deck bare", role: "group", "aria-label": "Playback" },
      el("div", { class: "transport" }, this.start, this.back, this.play, this.step, this.speed),
      el("div", { class: "timeline" }, this.flags, this.rail),
      this.time,
      this.foot);
    this.width = 600; // of the flags' line; asking for it each frame would force a layout
    new ResizeObserver(([entry]) => (this.width = entry.contentRect.width || 600)).observe(this.flags);
    this.span = SPAN_S_MIN;
  }

  draw(playhead, tree, states) {
    const playing = playhead.plays;
    const line = playhead.timeline;
    text(this.playSign, playing ? "▮▮" : "▶");
    const word = playing ? "Pause" : "Play";
    if (this.play.ariaLabel !== word) {
      this.play.ariaLabel = word;
      this.play.title = `${word} (space)`;
    }
    const t = playhead.t / 1_000_000;
    text(this.time, `${seconds(playhead.t)} s`);
    const span = this.spanOf(t, tree);
    if (span !== this.span) {
      this.span = span;
      this.slider.max = span;
    }
    if (Math.abs(Number(this.slider.value) - t) > 0.004) this.slider.value = t;
    this.slider.setAttribute("aria-valuetext", `${seconds(playhead.t)} seconds${playing ? "" : ", paused"}`);
    const from = (line.from[0] / 1e6 / span) * 100;
    this.loaded.style.left = `${from}%`;
    this.loaded.style.width = `${Math.min(100, (line.to[0] / 1e6 / span) * 100) - from}%`;
    if (line.future !== this.future || tree.version !== this.version || span !== this.spanDrawn || this.width !== this.widthDrawn) {
      [this.future, this.version, this.spanDrawn, this.widthDrawn] = [line.future, tree.version, span, this.width];
      this.drawFlags(tree.path(line.future));
      this.drawFutures(tree, line.future);
    }
    text(this.say, states);
  }

  /** The scale grows by half a minute when the playhead comes near its end. */
  spanOf(t, tree) {
    let last = t;
    for (const act of tree.acts.values()) last = Math.max(last, act.t / 1e6);
    const wanted = Math.min(600, Math.max(SPAN_S_MIN, Math.ceil((last + 3) / 30) * 30));
    return Math.max(wanted, t > this.span - 3 ? wanted : Math.min(this.span, wanted + 30));
  }

  drawFlags(acts) {
    const width = this.width;
    const px = acts.map((act) => (act.t / 1e6 / this.span) * width);
    const focused = Array.from(this.flags.children).indexOf(document.activeElement);
    this.flags.replaceChildren(...acts.map((act, n) => {
      const flag = el("button", {
        type: "button", class: `flag${act.kept ? "" : " unkept"}`, title: `${commandWords(act.command)} at ${seconds(act.t)} s`,
        "aria-label": `Go to ${commandWords(act.command)} at ${seconds(act.t)} seconds${act.kept ? "" : ", not saved yet"}`,
        onclick: () => this.on.seek(act.t),
      });
      const room = (n + 1 < px.length ? px[n + 1] : width) - px[n];
      if (room > 40) flag.append(el("span", { textContent: commandWords(act.command) }));
      flag.style.left = `${(px[n] / width) * 100}%`;
      flag.style.maxWidth = `${Math.max(32, Math.min(room, FLAG_PX * 2))}px`;
      return flag;
    }));
    this.flags.children[focused]?.focus();
  }

  drawFutures(tree, future) {
    const others = tree.others(future);
    this.root.classList.toggle("bare", tree.acts.size === 0);
    const options = [];
    if (future !== "0") options.push([future, `this one: ${futureWords(tree.path(future))}`]);
    for (const act of others) options.push([act.id, futureWords(tree.path(act.id))]);
    options.push(["0", "without any act"]);
    this.futures.replaceChildren(...options.map(([value, label]) => el("option", { value, textContent: label })));
    this.futures.value = future;
  }
}

const TYPING = new Set(["INPUT", "TEXTAREA", "SELECT", "BUTTON", "SUMMARY", "A"]);

export function wireKeys(stage) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || TYPING.has(event.target.tagName)) return;
    if (event.key === " ") stage.play(!stage.playhead.plays);
    else if (event.key === ",") stage.back();
    else if (event.key === ".") stage.step();
    else if (!stage.ask("key", event)) return;
    event.preventDefault();
  });
}
