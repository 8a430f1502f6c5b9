// How each kind of node looks: ink on paper, with every limit in force written on the thing it limits.

import { make, say, set } from "./dom.js";
import { shorten } from "./layout.js";
import { rateWords, serviceWords } from "./words.js";

// One colour and one letter per key. The letters A to G own theirs; other keys take the colours in the order in
// which they are met; the eighth and later are grey with the key's last two characters.

const NAMES = ["a", "b", "c", "d", "e", "f", "g"];

export class Keys {
  constructor() {
    this.given = new Map();
  }

  /** Reserve colours in the order in which the lab's producers list their keys. */
  meet(nodes) {
    for (const node of nodes.values()) {
      const keys = node.settings.keys ?? node.settings.publish?.keys;
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

  /** What is written on the chip: one or two characters. */
  letter(key) {
    const letters = Array.from(key);
    return letters.length <= 2 ? key || "·" : letters.slice(-2).join("");
  }
}

// What travels: a message is a filled chip, an ack or a confirm a ring, a return a hollow chip, a close a cross.

const RINGS = new Set(["ack", "nack", "confirm", "confirm_nack"]);

/** A glyph that can be any of them, so that it can be used again for the next one. */
export class Chip {
  constructor(parent) {
    this.root = make(parent, "g", { class: "chip-glyph" });
    this.halo = make(this.root, "rect", { x: -13, y: -13, width: 26, height: 26, rx: 8, class: "halo" });
    this.box = make(this.root, "rect", { x: -9, y: -9, width: 18, height: 18, rx: 5, class: "chip-box" });
    this.ring = make(this.root, "circle", { r: 5, class: "ring" });
    this.cross = make(this.root, "path", { d: "M-4 -4L4 4M4 -4L-4 4", class: "cross" });
    this.letter = make(this.root, "text", { y: 4, class: "chip-letter" });
    this.corner = make(this.root, "g", { class: "corner", transform: "translate(9 -9)" });
    make(this.corner, "circle", { r: 6.5 });
    this.count = make(this.corner, "text", { y: 3 });
    this.drain = make(this.root, "rect", { x: -9, y: -14, height: 3, width: 18, class: "drain" });
    this.root.transform.baseVal.appendItem((parent.ownerSVGElement ?? parent).createSVGTransform());
    this.place = this.root.transform.baseVal.getItem(0);
    this.message = "";
    this.show = true;
    this.look = "";
    this.word = "";
    this.number = 0;
  }

  /** what: message | ack | nack | confirm | confirm_nack | return | close | dead. */
  draw(x, y, { what = "message", colour, letter, count = 0, drain = -1, selected = false, message = "" }) {
    if (!this.show) {
      this.show = true;
      set(this.root, "visibility", "visible");
    }
    this.message = message;
    const look = `chip-glyph k-${colour} ${what}${count > 0 ? " again" : ""}${drain >= 0 ? " drains" : ""}${selected ? " selected" : ""}`;
    if (look !== this.look) {
      this.look = look;
      this.root.setAttribute("class", RINGS.has(what) ? `${look} ring-glyph` : look);
    }
    if (letter !== this.word) this.letter.textContent = this.word = letter;
    if (count > 0 && count !== this.number) this.count.textContent = this.number = count;
    if (drain >= 0) set(this.drain, "width", (18 * drain).toFixed(1));
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

const PILE_SHOWN = 7;
const SLOTS_SHOWN = 8;
const FALLEN = [
  ["no_route", "unroutable"], ["cycle", "in a cycle"], ["maxlen", "dropped"], ["refused", "refused"],
  ["rejected", "dropped"], ["expired", "expired"], ["lost_message", "lost"],
];

/** Base: a group at the box's place, a title with the whole name, and the pile of what fell here. */
class Glyph {
  constructor(parent, box, ctx) {
    this.box = box;
    this.ctx = ctx;
    this.root = make(parent, "g", { class: `node ${box.column}`, transform: `translate(${box.x} ${box.y})`, "data-node": box.name });
    this.title = make(this.root, "title", {}, box.name);
    make(this.root, "rect", { class: "hit", x: -4, y: -4, width: box.w + 8, height: box.h + 8, rx: 8 });
    this.pile = make(this.root, "g", { class: "pile", transform: `translate(2 ${box.h + 1})` });
    this.fallen = [];
    this.pileWords = make(this.pile, "text", { class: "s", y: 12 });
  }

  drop(scene) {
    const counts = scene.counts.get(this.box.name);
    const keys = scene.piles.get(this.box.name);
    const words = [];
    if (counts && keys) for (const [what, word] of FALLEN) if (counts.get(what)) words.push(`${counts.get(what)} ${word}`);
    const shown = words.length && keys ? keys.slice(-PILE_SHOWN) : [];
    while (this.fallen.length < shown.length) {
      const n = this.fallen.length;
      this.fallen.push(make(this.pile, "rect", { width: 10, height: 10, rx: 3, y: 3 + (n % 2), x: n * 7 }));
    }
    this.fallen.forEach((rect, n) => {
      set(rect, "class", n < shown.length ? `fallen k-${this.ctx.keys.colour(shown[n])}` : "gone");
    });
    set(this.pileWords, "x", shown.length * 7 + 8);
    say(this.pileWords, words.join(" · "));
  }
}

class Program extends Glyph {
  constructor(parent, box, ctx) {
    super(parent, box, ctx);
    const { w, h } = box;
    make(this.root, "path", { class: "body", d: `M0 8a8 8 0 0 1 8-8H${w - 18}L${w} ${h / 2}L${w - 18} ${h}H8a8 8 0 0 1-8-8z` });
    this.crack = make(this.root, "path", { class: "crack", d: `M${w * 0.4} 0l8 ${h * 0.4}-9 4 9 ${h * 0.6 - 4}` });
    this.name = make(this.root, "text", { class: "name", x: 10, y: 21 }, shorten(box.name, Math.floor((w - 28) / 7.2)));
    this.sub = make(this.root, "text", { class: "s state", x: 10, y: 37 });
  }

  update(node, scene) {
    const down = node.status === "down";
    set(this.root, "class", `node program${down ? " down" : ""}`);
    const sent = scene.counts.get(this.box.name)?.get("published") ?? 0;
    say(this.sub, down ? "crashed" : node.what === "you" ? (sent ? `you · ${sent} sent` : "that is you") : rateWords(node.settings.rate) || `${sent} sent`);
    this.drop(scene);
  }
}

class Exchange extends Glyph {
  constructor(parent, box, ctx) {
    super(parent, box, ctx);
    const { w, h } = box;
    make(this.root, "path", { class: "body", d: `M0 ${h / 2}L20 0H${w - 20}L${w} ${h / 2}L${w - 20} ${h}H20z` });
    const shown = box.name === "amq.default" ? "(default)" : box.name;
    this.name = make(this.root, "text", { class: "name middle", x: w / 2, y: h / 2 - 1 }, shorten(shown, Math.floor((w - 14) / 7.8)));
    this.sub = make(this.root, "text", { class: "m middle", x: w / 2, y: h / 2 + 14 });
  }

  update(node, scene) {
    set(this.root, "class", `node exchange${this.ctx.downOf(scene, node) ? " down" : ""}`);
    say(this.sub, node.settings.type ?? "");
    this.drop(scene);
  }
}

class Queue extends Glyph {
  constructor(parent, box, ctx) {
    super(parent, box, ctx);
    const { w } = box;
    this.name = make(this.root, "text", { class: "name", x: 0, y: 12 });
    this.sub = make(this.root, "text", { class: "s end", x: w, y: 12 });
    make(this.root, "rect", { class: "body", y: 19, width: w, height: 36, rx: 7 });
    for (let n = 1; n < ctx.cells; n++) make(this.root, "path", { class: "cell", d: `M${w - 6 - n * 24} 27v20` });
    this.more = make(this.root, "text", { class: "s", x: 7, y: 41 });
    this.pool = new Pool(this.root);
  }

  update(node, scene, t, selected) {
    const { settings, ready, unacked } = node;
    const dead = scene.counts.get(this.box.name);
    set(this.root, "class", `node queue${this.ctx.downOf(scene, node) ? " down" : ""}${this.ctx.deadEnd(this.box.name) ? " parking" : ""}`);
    const parts = [settings.max_length !== undefined ? `${ready.size} of ${settings.max_length}` : `${ready.size} ready`];
    if (unacked.size) parts.push(`${unacked.size} unacked`);
    if (settings.type === "quorum") parts.push(settings.delivery_limit !== undefined ? `quorum, limit ${settings.delivery_limit}` : "quorum");
    if (settings.message_ttl_ms !== undefined) parts.push(`TTL ${settings.message_ttl_ms / 1000} s`);
    const room = Math.floor(this.box.w / 6.4);
    while (parts.length > 1 && parts.join(" · ").length > room - 8) parts.pop();
    const words = parts.join(" · ");
    say(this.sub, words);
    say(this.name, shorten(this.box.name, Math.max(4, Math.floor((this.box.w - words.length * 5.7 - 8) / 7.4))));
    say(this.title, `${this.box.name}: ${ready.size} ready, ${unacked.size} unacked${dead?.get("delivered") ? `, ${dead.get("delivered")} delivered` : ""}`);
    const cells = ready.size > this.ctx.cells ? this.ctx.cells - 2 : this.ctx.cells;
    const shown = Math.min(ready.size, cells);
    say(this.more, ready.size > shown ? `+${ready.size - shown}` : "");
    this.pool.begin();
    for (let n = 0; n < shown; n++) {
      const copy = ready.at(n);
      const state = scene.copies.get(copy);
      const ttl = (settings.message_ttl_ms ?? 0) * 1000;
      this.pool.next().draw(this.box.w - 18 - n * 24, 37, {
        colour: this.ctx.keys.colour(state.key), letter: this.ctx.keys.letter(state.key), count: state.returns, message: copy,
        drain: ttl && state.expires ? Math.max(0, Math.min(1, (state.expires - t) / ttl)) : -1, selected: this.ctx.is(copy, selected),
      });
    }
    this.pool.end();
    this.drop(scene);
  }
}

class Consumer extends Glyph {
  constructor(parent, box, ctx) {
    super(parent, box, ctx);
    this.face = make(this.root, "g", { transform: `translate(25 ${box.h / 2})` });
    make(this.face, "circle", { class: "body", r: 24 });
    this.pie = make(this.face, "path", { class: "pie" });
    this.crack = make(this.face, "path", { class: "crack", d: "M-8 -23L2 -6L-6 4L6 23" });
    this.pool = new Pool(this.face);
    this.slots = [];
    this.slotGroup = make(this.root, "g", { transform: "translate(55 0)" });
    this.name = make(this.root, "text", { class: "name", x: 82, y: 18 });
    this.sub = make(this.root, "text", { class: "s state", x: 82, y: 33 });
    this.third = make(this.root, "text", { class: "s", x: 82, y: 47 });
  }

  update(node, scene, t, selected) {
    const { settings, held } = node;
    const down = node.status === "down";
    set(this.root, "class", `node consumer${down ? " down" : ""}`);
    const slots = [];
    let working = null;
    let buffered = 0;
    for (const [copy, one] of held) {
      if (one.slot) slots.push(one);
      if (one.state === "working") working = [copy, one];
      if (one.state === "buffered") buffered++;
    }
    const limit = settings.prefetch ?? 0;
    const auto = settings.ack === "auto";
    this.drawSlots(slots, auto ? 0 : limit || slots.length);
    this.drawWork(working, t, selected);
    const column = Math.max(1, Math.ceil(this.slots.filter((slot) => slot.shown).length / 4));
    const x = 57 + column * 13;
    for (const text of [this.name, this.sub, this.third]) set(text, "x", x);
    const room = this.box.w - x;
    say(this.name, shorten(this.box.name, Math.floor(room / 7)));
    const done = scene.counts.get(this.box.name)?.get("ok") ?? 0;
    const prefetch = auto ? `auto-ack · ${buffered} wait` : limit ? `prefetch ${slots.length} / ${limit}` : `unacked ${slots.length}`;
    say(this.sub, down ? (slots.length ? `crashed · holds ${slots.length}` : "crashed") : prefetch);
    say(this.third, settings.ack === "before" ? `acks before · ${done}` : `${done} done`);
    say(this.title, `${this.box.name}: ${down ? "crashed" : prefetch}, ${serviceWords(settings.service)}, ${done} handled`);
    this.drop(scene);
  }

  drawSlots(slots, limit) {
    const shown = Math.min(SLOTS_SHOWN, Math.max(limit, slots.length));
    while (this.slots.length < shown) this.slots.push(make(this.slotGroup, "rect", { width: 10, height: 10, rx: 2.5 }));
    const rows = Math.min(4, shown);
    this.slots.forEach((rect, n) => {
      rect.shown = n < shown;
      if (rect.shown) {
        set(rect, "x", Math.floor(n / 4) * 13);
        set(rect, "y", this.box.h / 2 - rows * 6.5 + 1 + (n % 4) * 13);
      }
      const one = slots[n];
      set(rect, "class", n >= shown ? "gone" : one ? `slot k-${this.ctx.keys.colour(one.key)}${one.state === "dead" ? " dead" : ""}${one.state === "on_way" ? " on-way" : ""}` : "slot");
    });
  }

  drawWork(working, t, selected) {
    this.pool.begin();
    if (working) {
      const [copy, one] = working;
      const share = one.until > one.started ? Math.max(0, Math.min(0.999, (t - one.started) / (one.until - one.started))) : 0.999;
      const a = share * 2 * Math.PI;
      set(this.pie, "d", `M0 0V-23A23 23 0 ${share > 0.5 ? 1 : 0} 1 ${(23 * Math.sin(a)).toFixed(1)} ${(-23 * Math.cos(a)).toFixed(1)}Z`);
      set(this.pie, "class", `pie k-${this.ctx.keys.colour(one.key)}`);
      this.pool.next().draw(0, 0, {
        colour: this.ctx.keys.colour(one.key), letter: this.ctx.keys.letter(one.key), message: copy,
        count: returnsOf(this.ctx, copy, one), selected: this.ctx.is(copy, selected),
      });
    } else {
      set(this.pie, "class", "gone");
    }
    this.pool.end();
  }
}

function returnsOf(ctx, copy, held) {
  return ctx.scene.copies.get(copy)?.returns || (held.redelivered ? 1 : 0);
}

const KINDS = { program: Program, exchange: Exchange, queue: Queue, consumer: Consumer };

export function glyph(parent, box, ctx) {
  return new KINDS[box.column](parent, box, ctx);
}
