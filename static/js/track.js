// Behind and below the slider: the load as a soft hill, the scale, and the other futures as dashed lines that leave from
// their act. Every future can be gone to; those that find no room here are in the list at the foot of the deck.

import { el, make, set } from "./dom.js";
import { BUCKET_US, Load, softly } from "./load.js";
import { commandWords, seconds } from "./words.js";

const HILL_PX = 26;
const LANES = 2;
const NARROW_PX = 480; // there is room for one lane
const LETTER_PX = 6.6;
const CURVE_PX = 30;
const TICKS_S = [1, 2, 5, 10, 30, 60, 120];
const TICK_PX = 56;

export class Track {
  constructor(stage) {
    this.stage = stage;
    this.deck = stage.deck;
    this.load = new Load();
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("class", "hill");
    this.svg.setAttribute("aria-hidden", "true");
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.hill = make(this.svg, "path", {});
    this.scale = el("div", { class: "scale", "aria-hidden": "true" });
    this.lanes = el("div", { class: "lanes", role: "group", "aria-label": "Branches" });
    this.peak = el("span", { class: "peak" });
    this.deck.rail.prepend(this.svg);
    this.deck.rail.append(this.peak);
    this.deck.rail.after(this.scale, this.lanes);
  }

  draw(line) {
    const { tree, deck } = { tree: this.stage.tree, deck: this.deck };
    if (line.future !== this.load.future) this.load.look(line.future, tree);
    const more = this.load.take(line);
    const shape = `${deck.span}|${deck.width}|${line.future}`;
    if (more || shape !== this.shape) this.drawHill();
    if (shape !== this.shape || tree.version !== this.version) this.drawLanes(line.future);
    if (shape !== this.shape) this.drawScale();
    [this.shape, this.version] = [shape, tree.version];
  }

  /** More of the time before is known. */
  known(past) {
    this.load.take(past);
    this.shape = "";
  }

  px(t) {
    return (t / 1e6 / this.deck.span) * this.deck.width;
  }

  drawHill() {
    const most = this.load.most();
    const { width } = this.deck;
    set(this.svg, "viewBox", `0 0 ${width} ${HILL_PX}`);
    let path = "";
    for (const run of most ? this.load.runs() : []) {
      const points = run.map(([n, count]) => [this.px((n + 0.5) * BUCKET_US), HILL_PX - (count / most) * (HILL_PX - 2)]);
      const [from, to] = [this.px(run[0][0] * BUCKET_US), this.px((run[run.length - 1][0] + 1) * BUCKET_US)];
      points.unshift([from, points[0][1]]);
      points.push([to, points[points.length - 1][1]]);
      path += `M${from.toFixed(1)} ${HILL_PX}V${points[0][1].toFixed(1)}${softly(points)}V${HILL_PX}Z`;
    }
    set(this.hill, "d", path || "M0 0");
    this.peak.textContent = most ? `at most ${most} / s published` : "";
  }

  drawScale() {
    const every = TICKS_S.find((s) => (s / this.deck.span) * this.deck.width >= TICK_PX) ?? TICKS_S[TICKS_S.length - 1];
    const marks = [];
    for (let s = 0; s <= this.deck.span; s += every) {
      const mark = el("span", { textContent: `${s} s` });
      mark.style.left = `${(s / this.deck.span) * 100}%`;
      if (this.px(s * 1e6) > this.deck.width - 28) mark.className = "last";
      marks.push(mark);
    }
    this.scale.replaceChildren(...marks);
  }

  /** Futures that nothing grew from, by the moment at which they leave this one. */
  drawLanes(future) {
    const { tree } = this.stage;
    const { width } = this.deck;
    const ends = tree.others(future).map((act) => {
      const path = tree.path(act.id);
      const mine = new Set(tree.path(future).map((one) => one.id));
      const own = path.filter((one) => !mine.has(one.id));
      return { act, first: own[0], count: own.length };
    });
    if (future !== "0") ends.push({ act: null, first: tree.path(future)[0], count: 0 });
    ends.sort((a, b) => a.first.t - b.first.t);
    const focused = document.activeElement?.dataset?.future;
    const taken = Array.from({ length: width < NARROW_PX ? 1 : LANES }, () => -Infinity);
    const made = [];
    for (const { act, first, count } of ends) {
      const words = act?.label || (act ? `${commandWords(first.command)}${count > 1 ? ` and ${count - 1} more` : ""}` : "without any act");
      const x = this.px(first.t);
      const wide = Math.min(220, words.length * LETTER_PX + CURVE_PX + 12);
      const left = x + wide > width;
      const [from, to] = left ? [x - wide, x] : [x, x + wide];
      const lane = taken.findIndex((end) => from >= end);
      if (lane < 0 || from < 0) continue;
      taken[lane] = to + 8;
      const button = el("button", {
        type: "button", class: `branch${left ? " left" : ""}`, title: `Look at the other future: ${words}, from ${seconds(first.t)} s`,
        "data-future": act?.id ?? "0", onclick: () => this.stage.look(act?.id ?? "0"),
      }, el("span", { textContent: words }));
      button.style.left = `${from}px`;
      button.style.top = `${lane * 2}rem`;
      button.style.width = `${wide}px`;
      made.push(button);
    }
    this.lanes.replaceChildren(...made);
    this.lanes.style.height = `${2 * taken.filter((end) => end > -Infinity).length}rem`;
    if (focused !== undefined) this.lanes.querySelector(`[data-future="${focused}"]`)?.focus();
  }

  /** [ and ] go to the act before, and to the next one. */
  key(event) {
    if (event.key !== "[" && event.key !== "]") return false;
    const { playhead, tree } = this.stage;
    const acts = playhead.timeline ? tree.path(playhead.timeline.future).map((act) => act.t) : [];
    const t = Math.floor(playhead.t);
    const to = event.key === "[" ? acts.filter((one) => one < t).pop() : acts.find((one) => one > t);
    if (to !== undefined) this.stage.seek(to);
    return true;
  }
}
