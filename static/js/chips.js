// One colour, one letter and one texture per key, and the chip that carries them. The letters A to G own their colours;
// other keys take the colours in the order in which they are met; the eighth and later are grey with the key's last two
// characters.

import { make, set } from "./dom.js";
import { messageOf, shorten } from "./words.js";

const NAMES = ["a", "b", "c", "d", "e", "f", "g"];

// Drawn under the letter, so that two keys differ also where neither colour nor letter is seen.
export const TEXTURES = {
  a: "", b: "M-6 7.4l2.4-2.8M-1.2 7.4l2.4-2.8M3.6 7.4l2.4-2.8", c: "M-4.6 6h1.2M-.6 6h1.2M3.4 6h1.2", d: "M-5 6.2h10",
  e: "M-4 4.8v2.8M0 4.8v2.8M4 4.8v2.8", f: "M-5 7.2l2.5-2.4 2.5 2.4 2.5-2.4 2.5 2.4", g: "M-5 5.2h10M-5 7.3h10", other: "M-5.5 6.2h3M2.5 6.2h3",
};

export class Keys {
  constructor() {
    this.given = new Map();
    this.written = new Map();
  }

  /** Reserve colours in the order in which the lab's producers list their keys. */
  meet(nodes) {
    for (const node of nodes.values()) {
      const keys = node.settings.keys ?? (node.settings.publish ?? node.settings.send)?.keys;
      if (Array.isArray(keys)) for (const key of keys) this.colour(String(key));
    }
  }

  /** The colour's name: a to g, or other. */
  colour(key) {
    if (key === "") return "other";
    let name = this.given.get(key);
    if (name === undefined) {
      const own = key.length === 1 ? key.toLowerCase() : "";
      const taken = new Set(this.given.values());
      name = NAMES.includes(own) ? own : (NAMES.find((one) => !taken.has(one)) ?? "other");
      this.given.set(key, name);
    }
    return name;
  }

  /** What is written on the chip: one or two letters of the usual width. */
  letter(key) {
    let found = this.written.get(key);
    if (found === undefined) {
      found = key === "" ? "·" : shorten(key, 2).includes("…") ? Array.from(shorten(key, 4)).slice(-2).join("").replace("…", "") || "·" : shorten(key, 2);
      this.written.set(key, found);
    }
    return found;
  }
}

/** Messages that are marked in every picture on the page: they have two fates in the futures that are compared. */
export const marks = new Set();

const marked = (message) => marks.size > 0 && marks.has(messageOf(message));

// A message is a filled chip, one that is lent out a dashed one, an ack or a confirm a ring, a return a hollow chip, a
// close a cross.

export const RINGS = new Set(["ack", "nack", "confirm", "confirm_nack", "request"]);

/** A chip in the figure that can be any of them, so that it can be used again for the next one. */
export class Chip {
  constructor(parent) {
    this.root = make(parent, "g", { class: "chip-glyph" });
    this.box = make(this.root, "rect", { x: -9, y: -9, width: 18, height: 18, rx: 5, class: "chip-box" });
    this.texture = make(this.root, "path", { class: "texture" });
    this.letter = make(this.root, "text", { y: 3.2, class: "chip-letter" });
    this.root.transform.baseVal.appendItem((parent.ownerSVGElement ?? parent).createSVGTransform());
    this.place = this.root.transform.baseVal.getItem(0);
    this.message = "";
    this.show = true;
    this.look = "";
    this.word = "";
    this.number = 0;
  }

  /** What few chips have is made when it is first wanted. */
  extra(name) {
    const more = (this.more ??= {});
    if (more[name]) return more[name];
    if (name === "halo") more.halo = make(this.root, "rect", { x: -13, y: -13, width: 26, height: 26, rx: 8, class: "halo" });
    else if (name === "ring") more.ring = make(this.root, "circle", { r: 5, class: "ring" });
    else if (name === "cross") more.cross = make(this.root, "path", { d: "M-4 -4L4 4M4 -4L-4 4", class: "cross" });
    else if (name === "drain") {
      make(this.root, "rect", { x: -9, y: -15, height: 3, width: 18, class: "drain-ground" });
      more.drain = make(this.root, "rect", { x: -9, y: -15, height: 3, width: 18, class: "drain" });
    } else {
      const corner = make(this.root, "g", { class: "corner", transform: "translate(9 -9)" });
      make(corner, "circle", { r: 6.5 });
      more.count = make(corner, "text", { y: 3 });
    }
    return more[name];
  }

  /** what: message | unacked | ack | nack | confirm | confirm_nack | return | close | dead. */
  draw(x, y, { what = "message", colour, letter, count = 0, drain = -1, selected = false, message = "" }) {
    if (!this.show) {
      this.show = true;
      set(this.root, "visibility", "visible");
    }
    this.message = message;
    const fated = marked(message);
    const look = `chip-glyph k-${colour} ${what}${count > 0 ? " again" : ""}${drain >= 0 ? " drains" : ""}${selected ? " selected" : ""}${fated ? " fated" : ""}`;
    if (look !== this.look) {
      this.look = look;
      this.root.setAttribute("class", RINGS.has(what) ? `${look} ring-glyph` : look);
      set(this.texture, "d", TEXTURES[colour]);
      if (selected || fated) this.extra("halo");
      if (RINGS.has(what)) this.extra("ring");
      if (what === "close" || what.endsWith("nack")) this.extra("cross");
    }
    if (letter !== this.word) this.letter.textContent = this.word = letter;
    if (count > 0 && count !== this.number) this.extra("count").textContent = this.number = count;
    if (drain >= 0) set(this.extra("drain"), "width", (18 * drain).toFixed(1));
    if (x !== this.x || y !== this.y) this.place.setTranslate((this.x = x), (this.y = y)); // no text to parse
  }

  hide() {
    if (!this.show) return;
    this.show = false;
    set(this.root, "visibility", "hidden");
  }
}

/** Chips that are drawn one after the other each frame; what is left over is hidden. */
export class Pool {
  constructor(parent) {
    this.parent = parent;
    this.chips = [];
    this.used = 0;
  }

  begin() {
    this.used = 0;
  }

  next() {
    if (this.used === this.chips.length) this.chips.push(new Chip(this.parent));
    return this.chips[this.used++];
  }

  end() {
    for (let n = this.used; n < this.chips.length && this.chips[n].show; n++) this.chips[n].hide();
  }
}

/** Small squares for what has no room for a letter: prefetch slots, what fell. */
export class Minis {
  constructor(parent, size) {
    this.parent = parent;
    this.size = size;
    this.all = [];
  }

  /** `spots`: [x, y, class, colour or ""] of each. */
  draw(spots) {
    while (this.all.length < spots.length) {
      const root = make(this.parent, "g");
      this.all.push({ root, box: make(root, "rect", { width: this.size, height: this.size, rx: this.size / 4 }), mark: make(root, "path", { class: "texture", transform: `translate(${this.size / 2} ${this.size / 2 - 3.7}) scale(0.6)` }) });
    }
    this.all.forEach(({ root, box, mark }, n) => {
      if (n >= spots.length) return set(root, "class", "gone");
      const [x, y, look, colour] = spots[n];
      set(root, "class", colour ? `mini k-${colour}` : "mini");
      set(root, "transform", `translate(${x} ${y})`);
      set(box, "class", look);
      set(mark, "d", colour && !look.includes("hollow") ? TEXTURES[colour] : "");
    });
  }
}

// What moves is painted on a canvas over the figure: 300 chips in the figure itself cost the main thread some 8 ms a
// frame without a GPU, painted ones about one. Each look is drawn once and then copied.

const HALF = 20; // of a drawn look, px
const LOOKS_MAX = 600;
const WORDS_PX = 120; // room for a number and its words
const PIXELS_MAX = 8_000_000;
const TOKENS = ["raised", "ink", "alarm", "edge", "soft"];
const COLOURS = Object.keys(TEXTURES);

/** The look of chips as colours, read from the style sheet: again when the theme changes. */
export function palette(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const found = Object.fromEntries(TOKENS.map((name) => [name, read(name)]));
  for (const name of COLOURS) found[name] = { fill: read(`k-${name}`), rim: read(`k-${name}-edge`), letter: read(`k-${name}-letter`) };
  found.sans = read("sans");
  return found;
}

export class Ink {
  constructor(svg) {
    this.svg = svg;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.context = this.canvas.getContext("2d", { desynchronized: true }); // painted beside the main thread, where that is known
    this.looks = new Map();
    this.paths = new Map();
    const anew = () => (this.colours = null);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", anew);
    new MutationObserver(anew).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    document.fonts.ready.then(anew);
  }

  /** Lie over the figure, at its size in CSS px. */
  fit(width, height, zoom) {
    const dense = Math.min(devicePixelRatio, Math.sqrt(PIXELS_MAX / Math.max(1, width * height)));
    if (dense !== this.dense || zoom !== this.zoom) this.colours = null;
    Object.assign(this, { dense, zoom });
    this.paths.clear();
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.canvas.width = Math.ceil(width * dense);
    this.canvas.height = Math.ceil(height * dense);
    this.dirty = true;
  }

  begin() {
    if (!this.colours) {
      this.colours = palette(this.svg);
      this.looks.clear();
    }
    if (this.dirty) {
      this.context.setTransform(1, 0, 0, 1, 0, 0);
      this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    }
    this.dirty = false;
  }

  /** One of picture.tokens. */
  token(one) {
    const fated = marked(one.message);
    const name = `${one.what}|${one.colour}|${one.letter}|${one.count}|${one.selected}|${fated}`;
    let look = this.looks.get(name);
    if (!look) {
      if (this.looks.size >= LOOKS_MAX) this.looks.clear();
      look = this.paint(one, fated);
      this.looks.set(name, look);
    }
    const scale = this.zoom * this.dense;
    const { context } = this;
    if (one.alpha !== undefined) context.globalAlpha = one.alpha;
    context.drawImage(look, Math.round((one.x - HALF) * scale), Math.round((one.y - HALF) * scale)); // whole pixels: copied, not blended
    if (one.alpha !== undefined) context.globalAlpha = 1;
    this.dirty = true;
  }

  paint({ what, colour, letter, count, selected }, fated) {
    const scale = this.zoom * this.dense;
    const look = document.createElement("canvas");
    look.width = look.height = Math.ceil(2 * HALF * scale);
    const c = look.getContext("2d");
    c.scale(scale, scale);
    c.translate(HALF, HALF);
    const { fill, rim, letter: letters } = this.colours[colour];
    const { raised, ink, alarm, sans } = this.colours;
    const outline = (width, style, path) => {
      c.lineWidth = width;
      c.strokeStyle = style;
      c.stroke(path);
    };
    if (fated && !selected) c.setLineDash([3, 2.5]);
    if (selected || fated) outline(selected ? 1.8 : 1.5, ink, round(-13, 26, 8));
    c.setLineDash([]);
    if (what === "close" || what.endsWith("nack")) {
      if (RINGS.has(what)) this.ring(c, what, rim);
      outline(what === "close" ? 2.4 : 1.6, what === "close" ? ink : alarm, new Path2D("M-4 -4L4 4M4 -4L-4 4"));
    } else if (RINGS.has(what)) this.ring(c, what, rim);
    else {
      const hollow = what === "return";
      c.fillStyle = hollow ? raised : fill;
      c.fill(round(-9, 18, 5));
      outline(hollow || what === "dead" ? 2 : 1.2, what === "dead" ? ink : rim, round(-9, 18, 5));
      c.globalAlpha = 0.75;
      outline(1.1, hollow ? rim : letters, new Path2D(TEXTURES[colour]));
      c.globalAlpha = 1;
      write(c, letter, 11, hollow ? ink : letters, 0, 3.2, sans);
    }
    if (count > 0) {
      const corner = new Path2D();
      corner.arc(9, -9, 6.5, 0, 7);
      c.fillStyle = raised;
      c.fill(corner);
      outline(1, ink, corner);
      write(c, String(count), 9, ink, 9, -6, sans);
    }
    return look;
  }

  ring(c, what, rim) {
    const ring = new Path2D();
    ring.arc(0, 0, what.startsWith("confirm") ? 4 : 5, 0, 7);
    c.fillStyle = this.colours.raised;
    c.fill(ring);
    if (what.endsWith("nack")) c.setLineDash([3, 2]);
    c.lineWidth = what.startsWith("confirm") ? 1.6 : 2.4;
    c.strokeStyle = rim;
    c.stroke(ring);
    c.setLineDash([]);
  }

  /** One of picture.bands: a part of a flow too thick for single chips, or its number. */
  band({ d, width, colour, hollow, words, at }) {
    this.dirty = true;
    if (words) return this.words(words, at);
    const c = this.context;
    const scale = this.zoom * this.dense;
    const path = this.paths.get(d) ?? this.paths.set(d, new Path2D(d)).get(d);
    const { rim, fill } = colour === "ink" ? { fill: this.colours.edge } : this.colours[colour];
    c.setTransform(scale, 0, 0, scale, 0, 0);
    for (const [px, style] of hollow ? [[width + 2, rim], [width, this.colours.raised]] : [[width, fill]]) {
      c.lineWidth = px;
      c.strokeStyle = style;
      c.stroke(path);
    }
    c.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** A number with paper around it, ending at a point: drawn once, like a chip. */
  words(words, at) {
    const scale = this.zoom * this.dense;
    let look = this.looks.get(`words|${words}`);
    if (!look) {
      if (this.looks.size >= LOOKS_MAX) this.looks.clear();
      look = document.createElement("canvas");
      look.width = Math.ceil(WORDS_PX * scale);
      look.height = Math.ceil(2 * HALF * scale);
      const c = look.getContext("2d");
      c.scale(scale, scale);
      Object.assign(c, { lineWidth: 4, lineJoin: "round", font: `11px ${this.colours.sans}`, textAlign: "end", strokeStyle: this.colours.raised, fillStyle: this.colours.ink });
      c.strokeText(words, WORDS_PX - 4, HALF);
      c.fillText(words, WORDS_PX - 4, HALF);
      this.looks.set(`words|${words}`, look);
    }
    this.context.drawImage(look, Math.round((at.x + 4 - WORDS_PX) * scale), Math.round((at.y - HALF) * scale));
  }
}

function round(at, size, radius) {
  const path = new Path2D();
  path.roundRect(at, at, size, size, radius);
  return path;
}

function write(c, text, size, style, x, y, sans) {
  c.font = `700 ${size}px ${sans}`;
  c.textAlign = "center";
  c.fillStyle = style;
  c.fillText(text, x, y, 17);
}
