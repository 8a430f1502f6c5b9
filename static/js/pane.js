// One system's picture among several that share a playhead: its own timeline on the common socket, drawn at the common time
// while it is on the screen.

import { el, text } from "./dom.js";
import { Playhead } from "./playhead.js";
import { Picture, wireNodes } from "./scene.js";
import { Timeline, Tree } from "./timeline.js";
import { totals } from "./verdicts.js";
import { messageOf, writePlace } from "./words.js";

const GO_EVERY_MS = 160; // for each pane that there is: all of them share what the server allows a page
const FAR_US = 10_000_000;
const ACROSS_PX = 700; // with so much width the flow runs across, and several pictures fit on a screen
const SMALLEST = 0.8;

export class Pane {
  /** `owner` has: panes, clock, still, keys, selected, select(message). */
  constructor(owner, article, link, { recording, future }) {
    this.owner = owner;
    this.id = article.dataset.system;
    this.title = article.querySelector("h3").textContent;
    this.href = article.dataset.href;
    this.future = future;
    this.playhead = new Playhead(owner.clock.end);
    this.tree = new Tree();
    this.seen = false;
    this.force = true;
    this.why = "Loading…";
    this.build(article);
    this.join(link, recording);
  }

  build(article) {
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", `${this.title}. Arrow keys go along what is in the picture.`);
    this.picture = new Picture(this.svg);
    this.picture.keys = this.owner.keys; // a key has one colour in all of them
    this.picture.without.add("you"); // nobody acts here
    this.waiting = el("p", { class: "waiting", textContent: this.why });
    this.figure = el("div", { class: "figure" }, this.waiting, this.svg);
    this.open = el("a", { class: "open-lab", textContent: "Open as a lab", href: this.href });
    this.open.setAttribute("aria-label", `Open ${this.title} as a lab, at this moment`);
    article.append(el("div", { class: "pane-head" }, article.querySelector("h3"), this.open), this.figure);
    for (const when of ["pointerdown", "focus"]) this.open.addEventListener(when, () => this.point());
    new ResizeObserver(() => {
      this.width = this.figure.clientWidth || this.width;
      this.force = true;
    }).observe(this.figure);
    this.width = this.figure.clientWidth;
    new IntersectionObserver((entries) => {
      this.seen = entries[entries.length - 1].isIntersecting;
      this.force = true;
    }).observe(article);
    this.svg.addEventListener("click", (event) => {
      const message = this.picture.messageAt(event.clientX, event.clientY);
      if (message) this.owner.select(messageOf(message));
    });
    wireNodes(this.svg, () => this.picture, () => {});
  }

  /** The lab's address, at the moment looked at. */
  point() {
    const { clock, selected } = this.owner;
    this.open.href = this.href + writePlace({ t: Math.floor(clock.t), selection: selected ? { message: selected } : {}, future: this.future });
  }

  join(link, recording) {
    const { playhead } = this;
    const lost = () => {
      playhead.asked = null;
      this.going = false;
    };
    this.watch = link.watch(recording, {
      scene: (frame) => {
        this.tree = new Tree(frame.tree);
        playhead.show(Timeline.from(frame.future, frame.scene), frame.at[0]);
        this.going = false;
        this.force = true;
        this.waiting.hidden = true;
        this.owner.came();
      },
      stretch: (frame) => {
        const line = playhead.timeline;
        if (line && frame.future === line.future && line.append(frame.from, frame.to, frame.events)) this.force = true;
      },
      tree: lost,
      no: (frame) => {
        lost();
        if (!playhead.timeline) text(this.waiting, (this.why = frame.why));
      },
    }, () => ({ future: this.future, at: [Math.floor(this.owner.clock.t), 0] }));
  }

  /** The last µs that is loaded; without bound for one that nobody looks at. */
  get wall() {
    if (!this.seen) return Infinity;
    return this.playhead.timeline ? this.playhead.timeline.to[0] : 0;
  }

  /** Stand at the common time and ask for what is missing; draw, if it is on the screen and looks different. */
  tick(t, now) {
    const { playhead, watch, owner } = this;
    const line = playhead.timeline;
    if (!line || !this.seen) return;
    const whole = Math.floor(t);
    playhead.speed = owner.clock.speed;
    const moved = playhead.t !== t;
    const there = line.covers([whole, 0]) && playhead.seek(t);
    if (!there) {
      playhead.t = Math.min(t, line.to[0]);
      const far = whole < line.from[0] || whole > line.to[0] + FAR_US;
      if (far && !this.going && now - (this.wentAt ?? 0) > GO_EVERY_MS * owner.panes.length) {
        this.going = watch.go(this.future, [whole, 0]);
        this.wentAt = now;
      }
    } else if (moved) line.trim(t);
    this.there = there;
    const wants = watch.joined ? playhead.wants(now) : null;
    if (wants && !watch.more(line.future, wants.after, wants.until)) playhead.asked = null;
    if (!this.width) return;
    this.picture.scale = this.width >= ACROSS_PX * SMALLEST && this.width < ACROSS_PX ? this.width / ACROSS_PX : 1;
    const laid = this.picture.shapeUp(line.scene, this.width);
    this.picture.still = owner.still.matches;
    if (moved || laid || this.force || this.drawn !== owner.selected || this.index !== line.index) {
      this.picture.draw(line.scene, there ? t : playhead.t, owner.selected);
      [this.drawn, this.index, this.force] = [owner.selected, line.index, false];
    }
  }

  /** The time of the next event after t, or of the last one before it; null where none is loaded. */
  next(t) {
    const line = this.playhead.timeline;
    return line?.events[line.first(Math.floor(t) + 1)]?.t ?? null;
  }

  before(t) {
    const line = this.playhead.timeline;
    return line?.events[line.first(Math.floor(t)) - 1]?.t ?? null;
  }

  /** What is where, in numbers. */
  counts() {
    const scene = this.playhead.timeline?.scene;
    if (!scene) return null;
    const all = totals(scene);
    let handled = 0;
    let worked = 0;
    for (const counts of scene.counts.values()) handled += counts.get("ok") ?? 0;
    for (const node of scene.nodes.values()) for (const held of node.held.values()) if (held.state !== "done" && held.state !== "dead") worked++;
    const verdict = (name) => scene.verdicts.get(name) ?? 0;
    return { published: all.published, ready: all.ready, worked, handled, lost: verdict("lost"), twice: verdict("duplicated"), order: verdict("out_of_order") };
  }

  /** Where a message is, in words. */
  whereabouts(message) {
    const scene = this.playhead.timeline?.scene;
    if (!scene) return "";
    const found = [];
    for (const [name, node] of scene.nodes) {
      for (const [copy, held] of node.held) if (messageOf(copy) === message && held.state !== "done") found.push(`in the hands of ${name}`);
    }
    for (const [copy, state] of scene.copies) {
      if (messageOf(copy) === message && (state.state === "ready" || (state.state === "unacked" && !found.length))) found.push(`in ${state.queue}${state.state === "unacked" ? ", lent out" : ""}`);
    }
    for (const flight of scene.flights.values()) if (flight.of.some((copy) => messageOf(copy) === message)) found.push(`on its way from ${flight.source} to ${flight.target}`);
    return Array.from(new Set(found)).join("; ") || "nowhere: not sent yet, or done with";
  }
}
