// Model and t -> pixels: the only file that draws the figure. Positions are computed from (t, sent, arrives).

import { Ink, Keys } from "./chips.js";
import { fit, make, say } from "./dom.js";
import { crashWords, glyph, pileMost, pileSpot } from "./glyphs.js";
import { layout, NARROW_PX } from "./layout.js";
import { along } from "./lines.js";
import { limitWords, messageOf } from "./words.js";

const TOKENS_MAX = 300;
const CROWD_MIN = 9; // on one line: fewer are always told apart
const TOUCH_PX = 18;
const NARROWEST_PX = 300;
const ZOOMS = [1.3, 1.2, 1.1]; // a small lab is drawn larger, where there is room
const BACKWARDS = new Set(["ack", "nack", "confirm", "confirm_nack", "return"]);
const TO_BROKER = new Set(["close", "request"]); // which is the paper
const RETURN_PX = 8; // what travels back keeps beside what comes
const FALL_US = 650_000;
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
    const queue = settings.publish?.routing_key;
    if (!target && scene.nodes.get(queue)?.what === "queue") links.set(`default ${queue}`, { what: "binding", source: DEFAULT, target: queue, routing_key: queue });
  }
  return links;
}

/** How much larger than usual the reader's type is, as far as the narrowest figure allows. */
function typeSize(width) {
  const size = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  return Math.max(1, Math.min(size, width / NARROWEST_PX));
}

/** How many bindings are not written out. */
function shortened(plan) {
  return Array.from(plan.lines.values()).filter(({ label }) => label && label.text !== label.whole).length;
}

export class Picture {
  constructor(svg) {
    this.svg = svg;
    this.keys = new Keys();
    this.ink = new Ink(svg);
    this.bands = []; // flows too thick for chips
    this.tokens = []; // what moves now: {x, y, what, colour, letter, count, selected, message}
    this.width = 0;
    this.shape = null;
    this.ever = new Map(); // every line there has been: boxes stay where they are when one goes
    this.scale = 1; // below 1: drawn smaller than it is laid out
    this.without = new Set(); // nodes that are not drawn
    this.still = false; // reduced motion: what is on its way stands half-way
    this.strange = 0; // how many lines were added because something went where none was
  }

  /** Lay the figure out anew if nodes, links or the width have changed. Returns whether it was. */
  shapeUp(scene, width, height = 0) {
    if (!this.usesDefault) this.usesDefault = touches(scene, DEFAULT);
    const quick = [scene.nodes, scene.shape, width, height, this.usesDefault, this.strange];
    if (this.quick?.every((one, n) => one === quick[n])) return false;
    this.quick = quick;
    const limits = Array.from(scene.nodes, ([name, node]) => (node.what === "queue" ? `${name}: ${limitWords(node.settings)}` : name));
    const shape = `${width}|${height}|${this.usesDefault}|${limits}|${Array.from(scene.links.keys())}|${this.strange}`;
    if (this.shape === shape) return false;
    this.shape = shape;
    this.keys.meet(scene.nodes);
    const nodes = new Map(scene.nodes);
    if (!this.usesDefault) nodes.delete(DEFAULT);
    for (const name of this.without) nodes.delete(name);
    const links = this.remember(withPublish(scene));
    this.zoom = typeSize(width) * this.scale;
    const seen = width / this.zoom; // a reader's larger type is a larger figure
    this.plan = layout(nodes, links, seen);
    const least = this.zoom;
    for (const larger of seen > NARROW_PX ? ZOOMS : []) {
      const plan = layout(nodes, links, seen / larger, seen);
      const all = larger * least;
      const fits = plan.width * all <= width + 1 && plan.height * all <= height && shortened(plan) === shortened(this.plan);
      if (this.zoom === least && fits) [this.plan, this.zoom] = [plan, all];
    }
    this.build(scene);
    return true;
  }

  build(scene) {
    const { plan, zoom, svg } = this;
    const inner = svg.ownerDocument.activeElement === svg;
    svg.replaceChildren();
    svg.setAttribute("width", plan.width * zoom);
    svg.setAttribute("height", plan.height * zoom);
    svg.setAttribute("viewBox", `0 0 ${plan.width} ${plan.height}`);
    if (!this.ink.canvas.parentNode && svg.parentNode) {
      const sheet = document.createElement("div");
      sheet.className = "sheet";
      svg.replaceWith(sheet);
      sheet.append(svg, this.ink.canvas);
      if (inner) svg.focus();
    }
    this.ink.fit(plan.width * zoom, plan.height * zoom, zoom);
    const defs = make(svg, "defs");
    const arrow = make(defs, "marker", { id: "mq-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8.4, markerHeight: 8.4, markerUnits: "userSpaceOnUse", orient: "auto" });
    make(arrow, "path", { d: "M0 0L8 4L0 8", class: "arrow" });
    const hatch = make(defs, "pattern", { id: "mq-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    make(hatch, "rect", { width: 6, height: 6, class: "hatch-ground" });
    make(hatch, "path", { d: "M0 0v6", class: "hatch-line" });
    this.drawLines();
    const ctx = {
      keys: this.keys,
      cells: plan.cells,
      narrow: plan.narrow,
      still: () => this.still,
      is: (copy, selected) => selected !== "" && messageOf(copy) === selected,
      downOf: (at, node) => at.nodes.get(node.settings.broker)?.status === "down",
      deadEnd: (queue) => this.parking.has(queue),
      crashed: (at, name) => crashWords(at.traces.down.get(name)),
      away: (at, name, node, t) => {
        const since = at.traces.away.get(name);
        const wait = (node.settings.reconnect_ms ?? 1000) * 1000;
        return since === undefined ? -1 : 1 - ((t - since) % wait) / wait;
      },
    };
    const group = make(svg, "g", { class: "nodes" });
    this.glyphs = new Map();
    for (const box of plan.boxes.values()) this.glyphs.set(box.name, glyph(group, box, ctx));
    this.note = make(svg, "text", { class: "s end", x: plan.width - 12, y: plan.height - 6 });
  }

  /** The lines of now are drawn; the layout also knows those of before. */
  remember(links) {
    this.present = new Set();
    for (const link of links.values()) {
      const name = [link.what, link.source, link.target, link.routing_key].join("\n");
      this.ever.set(name, link);
      this.present.add(name);
    }
    for (const [name, link] of this.ever) if (link.implied) this.present.add(name);
    return this.ever;
  }

  drawLines() {
    const group = make(this.svg, "g", { class: "lines" });
    const words = make(this.svg, "g", { class: "line-words" });
    this.ways = new Map();
    this.drawn = []; // each line with the key of its binding and what there is of it in the figure
    const dead = new Set();
    for (const [name, line] of this.plan.lines) {
      if (!this.present.has(name)) continue;
      const marks = [make(group, "path", { class: `line ${line.what}`, d: line.d })];
      this.drawn.push({ line, key: name.slice(name.lastIndexOf("\n") + 1), marks });
      this.ways.set(`${line.source}\n${line.target}`, line);
      if (line.what === "dead_letter") dead.add(line.target);
      if (line.label) {
        const text = make(words, "text", { class: "m", x: line.label.x, y: line.label.y + 11 });
        fit(text, line.label.text, line.label.w + 2);
        make(text, "title", {}, line.label.whole);
        marks.push(text);
      }
    }
    this.parking = new Set();
    const fed = new Set(Array.from(this.plan.lines.values()).filter((line) => line.what === "publish").map((line) => line.target));
    for (const line of this.plan.lines.values()) if (dead.has(line.source) && !fed.has(line.source) && line.what === "binding") this.parking.add(line.target);
  }

  draw(scene, t, selected = "") {
    this.tokens = [];
    const falling = this.still ? [] : scene.traces.falls.filter((one) => one.t <= t && t < one.t + FALL_US);
    for (const [name, one] of this.glyphs) {
      const node = scene.nodes.get(name);
      if (node) one.update(node, scene, t, selected, falling.filter((fall) => fall.piled && fall.node === name).length);
    }
    const full = scene.flights.size > TOKENS_MAX;
    if ((full || this.crowded(scene)) && !this.flow) import("./flow.js").then((module) => (this.flow = module.flow));
    const flow = this.flow && scene.flights.size > CROWD_MIN ? this.flow(this, scene, t, selected, full) : null;
    if (!flow) for (const flight of scene.flights.values()) this.addFlight(scene, flight, t, selected);
    for (const fall of falling) this.addFall(scene, fall, t);
    this.ink.begin();
    this.bands = flow?.bands ?? [];
    for (const band of this.bands) this.ink.band(band);
    for (const token of this.tokens) this.ink.token(token);
    say(this.note, flow?.words ?? "");
    if (!this.shown && this.tokens.length) {
      this.shown = true;
      performance.mark("mq-first-message");
    }
  }

  /** Whether some line may carry more than can be told apart: only then what draws flows is loaded. */
  crowded(scene) {
    if (scene.flights.size <= CROWD_MIN) return false;
    const counts = new Map();
    for (const { source, target } of scene.flights.values()) {
      const name = `${source}\n${target}`;
      const count = (counts.get(name) ?? 0) + 1;
      if (count > CROWD_MIN) return true;
      counts.set(name, count);
    }
    return false;
  }

  /** Where a flight is at t: {x, y} and its line; null where neither end is in the figure. */
  spot(flight, t) {
    const way = this.way(flight);
    if (!way) return null;
    const whole = flight.arrives - flight.sent;
    let u = whole > 0 ? Math.max(0, Math.min(1, (t - flight.sent) / whole)) : 1;
    if (this.still) u = 0.5;
    let [x, y] = along(way.line, way.back ? 1 - u : u);
    if (BACKWARDS.has(flight.what)) this.plan.narrow ? (x += RETURN_PX) : (y += RETURN_PX);
    return { x, y };
  }

  addFlight(scene, flight, t, selected) {
    const at = this.spot(flight, t);
    if (!at) return;
    const { what } = flight;
    const copy = flight.of[0] ?? "";
    this.tokens.push({
      ...at, message: copy, flight,
      what: BACKWARDS.has(what) || TO_BROKER.has(what) ? what : what === "dead_letter" ? "dead" : "message",
      colour: this.keys.colour(flight.key), letter: this.keys.letter(flight.key),
      count: what === "delivery" && flight.redelivered ? scene.copies.get(copy)?.returns || 1 : 0,
      selected: selected !== "" && flight.of.some((one) => messageOf(one) === selected),
    });
  }

  /** What falls goes from where it was to the top of the pile, ever faster; what leaves no pile fades on its way. */
  addFall(scene, fall, t) {
    const box = this.plan.boxes.get(fall.node);
    if (!box) return;
    const pile = scene.piles.get(fall.node)?.length ?? 0;
    const [dx, dy] = pileSpot(box, Math.min(pile, pileMost(box)) - 1);
    const from = (fall.flight && this.spot(fall.flight, fall.t)) ?? { x: box.x + (box.column === "queue" ? box.w - 18 : box.w / 2), y: box.y + box.mid };
    const u = (t - fall.t) / FALL_US;
    const to = fall.piled ? { x: box.x + dx + 4, y: box.y + dy + 4 } : { x: from.x, y: from.y + 60 };
    const what = fall.flight && BACKWARDS.has(fall.flight.what) ? fall.flight.what : "message";
    this.tokens.push({
      x: from.x + (to.x - from.x) * u, y: from.y + (to.y - from.y) * u * u, what, count: 0, selected: false, message: "",
      colour: this.keys.colour(fall.key), letter: this.keys.letter(fall.key), alpha: fall.piled ? 1 : 1 - u,
    });
  }

  /** The line of a flight: a link's own, or a link's run backwards. Where there is none, one is added to the figure. */
  way(flight) {
    if (flight.ways === this.ways) return flight.way; // asked for in every frame
    flight.way = this.findWay(flight);
    flight.ways = flight.way ? this.ways : null;
    return flight.way;
  }

  findWay({ what, source, target }) {
    const line = this.ways.get(`${source}\n${target}`);
    if (line) return { line, back: false };
    const other = this.ways.get(`${target}\n${source}`);
    if (other) return { line: other, back: true };
    const { boxes } = this.plan;
    if (TO_BROKER.has(what) && !(boxes.has(source) && boxes.has(target))) return this.wayToBroker(source, target);
    if (!boxes.has(source) || !boxes.has(target)) return null;
    const [from, to] = BACKWARDS.has(what) ? [target, source] : [source, target];
    const name = ["implied", from, to, ""].join("\n");
    if (!this.ever.has(name)) {
      this.ever.set(name, { what: "implied", source: from, target: to, routing_key: "", implied: true });
      this.strange++;
    }
    return null;
  }

  /** A close or a call travels between a program and its broker, which is the paper: over the program's own line. */
  wayToBroker(source, target) {
    for (const line of this.ways.values()) {
      if (!["publish", "consume", "implied"].includes(line.what)) continue;
      if (line.source === source || line.target === target) return { line, back: false };
      if (line.source === target || line.target === source) return { line, back: true };
    }
    return null;
  }

  /** The message nearest to a point of the window, within the size of a finger; or "". */
  messageAt(x, y) {
    let best = "";
    let least = TOUCH_PX;
    const near = (message, dx, dy) => {
      const far = Math.hypot(dx - x, dy - y);
      if (message && far < least) [best, least] = [messageOf(message), far];
    };
    const sheet = this.svg.getBoundingClientRect();
    for (const token of this.tokens) near(token.message, sheet.x + token.x * this.zoom, sheet.y + token.y * this.zoom);
    for (const { pool } of this.glyphs.values()) {
      for (const chip of pool ? pool.chips.slice(0, pool.used) : []) {
        const box = chip.box.getBoundingClientRect();
        if (box.width) near(chip.message, box.x + box.width / 2, box.y + box.height / 2);
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
    for (const [name, glyph] of picture().glyphs ?? []) glyph.root.classList.toggle("cursor", name === at && svg.matches(":focus-visible"));
    if (at) svg.setAttribute("aria-description", picture().glyphs.get(at)?.title.textContent ?? at);
  };
  svg.addEventListener("pointerdown", (event) => {
    at = event.target.closest("[data-node]")?.dataset.node ?? at; // the cursor is where one pressed
  });
  svg.addEventListener("focus", () => {
    const boxes = picture().plan?.boxes;
    if (boxes && !boxes.has(at)) at = first(boxes);
    show();
  });
  svg.addEventListener("blur", () => {
    for (const glyph of picture().glyphs?.values() ?? []) glyph.root.classList.remove("cursor");
  });
  svg.addEventListener("keydown", (event) => {
    const boxes = picture().plan?.boxes;
    if (event.key === "Enter" && at) open(at);
    else if (WAYS[event.key] && boxes?.has(at)) {
      const way = WAYS[event.key];
      at = nearest(joined(picture().plan, at), boxes.get(at), way) ?? nearest(boxes, boxes.get(at), way) ?? at;
    }
    else return;
    event.preventDefault();
    show();
  });
}

/** Where the flow begins: the leftmost box, and of those the topmost. */
function first(boxes) {
  const all = Array.from(boxes.values()).sort((a, b) => a.x + a.y / 1e6 - (b.x + b.y / 1e6));
  return all[0]?.name ?? "";
}

/** The boxes that a line joins with this one. */
function joined({ boxes, lines }, name) {
  const found = new Map();
  for (const { source, target } of lines.values()) {
    const other = source === name ? target : target === name ? source : "";
    if (boxes.has(other)) found.set(other, boxes.get(other));
  }
  return found;
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
