// Model and t -> pixels: the only file that draws the figure. Positions are computed from (t, sent, arrives).

import { make, say } from "./dom.js";
import { glyph, Keys, Pool } from "./glyphs.js";
import { along, layout, NARROW_PX } from "./layout.js";
import { messageOf } from "./words.js";

const TOKENS_MAX = 300;
const TOUCH_PX = 18;
const ZOOMS = [1.2, 1.1]; // a small lab is drawn larger, where there is room
const BACKWARDS = new Set(["ack", "nack", "confirm", "confirm_nack", "return"]);

const DEFAULT = "amq.default";

/** Whether anything goes through this node; the default exchange is drawn only then. */
function touches(scene, name) {
  if (!scene.nodes.has(name)) return false;
  if (scene.counts.has(name)) return true;
  for (const one of scene.links.values()) if (one.source === name || one.target === name) return true;
  for (const one of scene.flights.values()) if (one.source === name || one.target === name) return true;
  return Array.from(scene.nodes.values()).some((node) => node.settings.publish?.exchange === "");
}

/** The links, and a line from each producer to its exchange where none is listed. */
function withPublish(scene) {
  const links = new Map(scene.links);
  const have = new Set(Array.from(links.values()).filter((link) => link.what === "publish").map((link) => link.source));
  for (const [name, { settings }] of scene.nodes) {
    const target = settings.publish?.exchange ?? settings.exchange;
    if (target === undefined || have.has(name)) continue;
    links.set(`publish ${name}`, { what: "publish", source: name, target: target || DEFAULT, routing_key: "" });
  }
  return links;
}

export class Picture {
  constructor(svg) {
    this.svg = svg;
    this.keys = new Keys();
    this.width = 0;
    this.shape = null;
    this.ever = new Map(); // every line there has been: boxes stay where they are when one goes
    this.still = false; // reduced motion: what is on its way stands half-way
  }

  /** Lay the figure out anew if nodes, links or the width have changed. Returns whether it was. */
  shapeUp(scene, width, height = 0) {
    if (!this.usesDefault) this.usesDefault = touches(scene, DEFAULT);
    const shape = `${width}|${height}|${this.usesDefault}|${Array.from(scene.nodes.keys())}|${Array.from(scene.links.keys())}`;
    if (this.shape === shape) return false;
    this.shape = shape;
    this.keys.meet(scene.nodes);
    const nodes = new Map(scene.nodes);
    if (!this.usesDefault) nodes.delete(DEFAULT);
    const links = this.remember(withPublish(scene));
    this.plan = layout(nodes, links, width);
    let zoom = 1;
    for (const larger of width > NARROW_PX ? ZOOMS : []) {
      const plan = layout(nodes, links, width / larger);
      if (zoom === 1 && plan.width * larger <= width + 1 && plan.height * larger <= height) [this.plan, zoom] = [plan, larger];
    }
    this.svg.replaceChildren();
    this.svg.setAttribute("width", this.plan.width * zoom);
    this.svg.setAttribute("height", this.plan.height * zoom);
    this.svg.setAttribute("viewBox", `0 0 ${this.plan.width} ${this.plan.height}`);
    const defs = make(this.svg, "defs");
    const arrow = make(defs, "marker", { id: "mq-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" });
    make(arrow, "path", { d: "M0 0L8 4L0 8", class: "arrow" });
    const hatch = make(defs, "pattern", { id: "mq-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    make(hatch, "rect", { width: 6, height: 6, class: "hatch-ground" });
    make(hatch, "path", { d: "M0 0v6", class: "hatch-line" });
    this.drawLines();
    const ctx = {
      keys: this.keys,
      cells: this.plan.cells,
      scene,
      is: (copy, selected) => selected !== "" && messageOf(copy) === selected,
      downOf: (at, node) => at.nodes.get(node.settings.broker)?.status === "down",
      deadEnd: (queue) => this.parking.has(queue),
    };
    this.ctx = ctx;
    const group = make(this.svg, "g", { class: "nodes" });
    this.glyphs = new Map();
    for (const box of this.plan.boxes.values()) this.glyphs.set(box.name, glyph(group, box, ctx));
    this.tokens = new Pool(make(this.svg, "g", { class: "tokens" }));
    this.note = make(this.svg, "text", { class: "s end", x: this.plan.width - 12, y: this.plan.height - 6 });
    return true;
  }

  /** The lines of now are drawn; the layout also knows those of before. */
  remember(links) {
    this.present = new Set();
    for (const link of links.values()) {
      const name = [link.what, link.source, link.target, link.routing_key].join("\n");
      this.ever.set(name, link);
      this.present.add(name);
    }
    return this.ever;
  }

  drawLines() {
    const group = make(this.svg, "g", { class: "lines" });
    const words = make(this.svg, "g", { class: "line-words" });
    this.ways = new Map();
    const dead = new Set();
    for (const [name, line] of this.plan.lines) {
      if (!this.present.has(name)) continue;
      const [a, b, c, d] = line.ends.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
      make(group, "path", { class: `line ${line.what}`, d: `M${a}C${b} ${c} ${d}` });
      this.ways.set(`${line.source}\n${line.target}`, line.ends);
      if (line.what === "dead_letter") dead.add(line.target);
      if (line.label) {
        const text = make(words, "text", { class: "m", x: line.label.x, y: line.label.y + 11 }, line.label.text);
        make(text, "title", {}, line.label.whole);
      }
    }
    this.parking = new Set();
    for (const line of this.plan.lines.values()) if (dead.has(line.source) && line.what === "binding") this.parking.add(line.target);
  }

  draw(scene, t, selected = "") {
    this.ctx.scene = scene;
    for (const [name, one] of this.glyphs) {
      const node = scene.nodes.get(name);
      if (node) one.update(node, scene, t, selected);
    }
    this.tokens.begin();
    let left = 0;
    for (const flight of scene.flights.values()) {
      if (this.tokens.used >= TOKENS_MAX) {
        left++;
        continue;
      }
      this.drawFlight(scene, flight, t, selected);
    }
    this.tokens.end();
    say(this.note, left ? `${left} more on their way, not drawn` : "");
  }

  drawFlight(scene, flight, t, selected) {
    const way = this.way(flight);
    if (!way) return;
    const whole = flight.arrives - flight.sent;
    let u = whole > 0 ? Math.max(0, Math.min(1, (t - flight.sent) / whole)) : 1;
    if (this.still) u = 0.5;
    const back = BACKWARDS.has(flight.what) && way.back;
    let [x, y] = along(way.ends, back ? 1 - u : u);
    if (BACKWARDS.has(flight.what)) this.plan.narrow ? (x += 8) : (y += 8);
    const copy = flight.of[0] ?? "";
    const again = flight.what === "delivery" && flight.redelivered ? scene.copies.get(copy)?.returns || 1 : 0;
    this.tokens.next().draw(x, y, {
      what: flight.what === "return" ? "return" : flight.what === "close" ? "close" : BACKWARDS.has(flight.what) ? flight.what : flight.what === "dead_letter" ? "dead" : "message",
      colour: this.keys.colour(flight.key), letter: this.keys.letter(flight.key), count: again, message: copy,
      selected: selected !== "" && flight.of.some((one) => messageOf(one) === selected),
    });
  }

  /** The curve of a flight: a link's own, a link's run backwards, or straight between two boxes. */
  way({ source, target }) {
    const ends = this.ways.get(`${source}\n${target}`);
    if (ends) return { ends, back: false };
    const other = this.ways.get(`${target}\n${source}`);
    if (other) return { ends: other, back: true };
    const a = this.plan.boxes.get(source);
    const b = this.plan.boxes.get(target);
    if (!a || !b) return null;
    const middle = (box) => [box.x + box.w / 2, box.y + box.h / 2];
    return { ends: [middle(a), middle(a), middle(b), middle(b)], back: false };
  }

  /** The message nearest to a point of the window, within the size of a finger; or "". */
  messageAt(x, y) {
    const pools = [this.tokens, ...Array.from(this.glyphs.values(), (one) => one.pool).filter(Boolean)];
    let best = "";
    let least = TOUCH_PX;
    for (const pool of pools) {
      for (const chip of pool.chips.slice(0, pool.used)) {
        const box = chip.box.getBoundingClientRect();
        const far = Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y);
        if (box.width && far < least) [best, least] = [messageOf(chip.message), far];
      }
    }
    return best;
  }
}

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** `open(name)` when Enter is pressed on a node. */
export function wireNodes(svg, picture, open) {
  let at = "";
  svg.setAttribute("tabindex", "0");
  const show = () => {
    for (const [name, glyph] of picture().glyphs ?? []) glyph.root.classList.toggle("cursor", name === at);
    if (at) svg.setAttribute("aria-description", picture().glyphs.get(at)?.title.textContent ?? at);
  };
  svg.addEventListener("focus", () => {
    const boxes = picture().plan?.boxes;
    if (boxes && !boxes.has(at)) at = boxes.keys().next().value ?? "";
    show();
  });
  svg.addEventListener("blur", () => {
    for (const glyph of picture().glyphs?.values() ?? []) glyph.root.classList.remove("cursor");
  });
  svg.addEventListener("keydown", (event) => {
    const boxes = picture().plan?.boxes;
    if (event.key === "Enter" && at) open(at);
    else if (WAYS[event.key] && boxes?.has(at)) at = nearest(boxes, boxes.get(at), WAYS[event.key]) ?? at;
    else return;
    event.preventDefault();
    show();
  });
}

/** The nearest box in a direction; one that is more sideways than ahead counts double. */
export function nearest(boxes, from, [dx, dy]) {
  const x = from.x + from.w / 2;
  const y = from.y + from.h / 2;
  let best = null;
  let least = Infinity;
  for (const box of boxes.values()) {
    const ahead = (box.x + box.w / 2 - x) * dx + (box.y + box.h / 2 - y) * dy;
    const aside = Math.abs((box.x + box.w / 2 - x) * dy) + Math.abs((box.y + box.h / 2 - y) * dx);
    const far = ahead + 2 * aside;
    if (box !== from && ahead > 4 && far < least) [best, least] = [box.name, far];
  }
  return best;
}
