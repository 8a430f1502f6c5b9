// How each kind of node looks: ink on paper, with every limit in force written on the thing it limits.

import { Minis, Pool } from "./chips.js";
import { fit, make, say, set } from "./dom.js";
import { placeWords, rateWords, seconds, serviceWords, shorten, wide } from "./words.js";

const PILE_SHOWN = 13;
const SLOTS_SHOWN = 8;
const LENT_SHOWN = 3;
const FLYING_SHOWN = 4; // in flight, each with what is left of its visibility timeout
const KNOWN_SHOWN = 24;
const WINDOW_US = 300e6; // for so long SQS knows a deduplication id
const FAR_US = 600e6; // a deadline beyond any recording is not worth a line
const CELL_PX = 24;
const LOG_PX = 10; // an entry of a log
const SLIDE_US = 250_000;
const FALLEN = [
  ["no_route", "no route"], ["cycle", "in a cycle"], ["maxlen", "dropped"], ["refused", "refused"],
  ["rejected", "dropped"], ["expired", "expired"], ["lost_message", "lost"],
  ["missed", "missed"], ["trimmed", "trimmed"], ["deleted", "deleted"], ["consumer_deleted", "forgotten"],
];

/** Where the n-th that fell lies in the strip below a box: a lower row, and one on top of it. */
export function pileSpot(box, n) {
  const row = box.w < 120 ? 4 : 7;
  return n < row ? [2 + n * 9, box.h + 14] : [6.5 + Math.min(n - row, row - 2) * 9, box.h + 5.5];
}

export function pileMost(box) {
  return box.w < 120 ? 7 : PILE_SHOWN;
}

/** What is left of a deadline: 1 at its beginning, 0 at its end. */
function left(t, from, until) {
  return until > from ? Math.max(0, Math.min(1, (until - t) / (until - from))) : 0;
}

/** How far the cells are from where they belong, as px for the n-th of the row, after what left it last; `most`: so many unacked
    ones are shown. They follow up within SLIDE_US. */
export function slide(gap, t, most) {
  const u = gap ? (t - gap.t) / SLIDE_US : 1;
  if (u < 0 || u >= 1) return () => 0;
  const px = CELL_PX * (1 - u) ** 2;
  const before = Math.min(gap.lent, most);
  const shown = Math.min(gap.lent + (gap.lends ? 1 : 0), most);
  if (!gap.ready && gap.n >= before) return () => 0; // it was not shown
  if (gap.ready && shown > before && gap.n === 0) return () => 0; // the head of the ready ones is now the last of the unacked
  const from = gap.ready ? shown + gap.n : gap.n;
  const to = !gap.ready && gap.lent > most ? most : Infinity; // another unacked one closes up
  return (n) => (n >= from && n < to ? px : 0);
}

/** Base: a group at the box's place, a title with the whole name, and the pile of what fell here. */
class Glyph {
  constructor(parent, box, ctx) {
    this.box = box;
    this.ctx = ctx;
    this.root = make(parent, "g", { class: `node ${box.column}`, transform: `translate(${box.x} ${box.y})`, "data-node": box.name });
    this.title = make(this.root, "title", {}, box.name);
    make(this.root, "rect", { class: "hit", x: -4, y: -4, width: box.w + 8, height: box.h + 8, rx: 8 });
    this.pile = new Minis(make(this.root, "g", { class: "pile" }), 8);
    this.pileWords = make(this.root, "text", { class: "s", y: box.h + 20 });
    this.beside = ctx.narrow && box.column !== "queue" ? box.w / 2 + 8 : 0; // downwards, a line leaves in the middle
  }

  /** The pile without those that are still falling on it. */
  drop(scene, falling) {
    const counts = scene.counts.get(this.box.name);
    const keys = scene.piles.get(this.box.name);
    const found = counts && keys ? FALLEN.filter(([what]) => counts.get(what)) : [];
    const all = found.reduce((sum, [what]) => sum + counts.get(what), 0) - falling;
    const lying = found.length && all > 0 ? keys.slice(0, keys.length - falling).slice(-pileMost(this.box)) : [];
    this.pile.draw(lying.map((key, n) => [...pileSpot(this.box, n), "fallen", this.ctx.keys.colour(key)]));
    const row = Math.min(lying.length, this.box.w < 120 ? 4 : 7);
    set(this.pileWords, "x", Math.max(this.beside, row * 9 + 7));
    say(this.pileWords, !lying.length ? "" : found.length === 1 ? `${all} ${found[0][1]}` : `${all} fell`);
    return found.map(([what, word]) => `, ${counts.get(what)} ${word}`).join("");
  }

  /** The class says what state it is in; slow and hung may be settings of any program. */
  state(node, more = "") {
    const { slow, hung, blocked } = node.settings;
    const away = node.status === "down" || node.status === "waits" ? node.status : "";
    const state = away || (hung || node.status === "hung" ? "hung" : blocked ? "blocked" : slow > 1 ? "slow" : "");
    set(this.root, "class", `node ${this.box.column}${state && ` ${state}`}${more}`);
    return state;
  }
}

class Program extends Glyph {
  constructor(parent, box, ctx) {
    super(parent, box, ctx);
    const { w, h } = box;
    make(this.root, "path", { class: "body", d: `M0 8a8 8 0 0 1 8-8H${w - 18}L${w} ${h / 2}L${w - 18} ${h}H8a8 8 0 0 1-8-8z` });
    this.crack = make(this.root, "path", { class: "crack", d: `M${w * 0.4} 0l8 ${h * 0.4}-9 4 9 ${h * 0.6 - 4}` });
    this.name = make(this.root, "text", { class: "name", x: 11, y: 21 });
    fit(this.name, shorten(box.name, Math.floor((w - 30) / 7.4)), w - 26);
    this.sub = make(this.root, "text", { class: "s state", x: 11, y: 37 });
    this.ground = make(this.root, "rect", { x: 11, y: 41.5, width: w - 36, height: 3, class: "gone" });
    this.bar = make(this.root, "rect", { x: 11, y: 41.5, width: 0, height: 3, class: "gone" });
  }

  update(node, scene, t, selected, falling) {
    const counts = scene.counts.get(this.box.name);
    const sent = counts?.get("published") ?? 0;
    const state = this.state(node);
    const away = state === "" ? this.ctx.away(scene, this.box.name, node, t) : -1;
    set(this.ground, "class", away < 0 ? "gone" : "drain-ground");
    set(this.bar, "class", away < 0 ? "gone" : "drain");
    if (away >= 0) set(this.bar, "width", ((this.box.w - 36) * away).toFixed(1));
    const rate = rateWords(node.settings.rate) || `${sent} sent`;
    const own = node.what === "client" ? `client · ${sent} sent` : node.what === "you" ? (sent ? `you · ${sent} sent` : "that is you") : rate;
    say(this.sub, state === "down" ? this.ctx.crashed(scene, this.box.name) : state === "hung" ? "hangs" : state === "blocked" ? "blocked" : away >= 0 ? "reconnects" : own);
    const fell = this.drop(scene, falling);
    const confirms = node.settings.confirms ? `, with confirms, ${node.unconfirmed} not confirmed yet` : "";
    say(this.title, `${this.box.name}: ${state === "down" ? "crashed" : state === "blocked" ? "blocked by the broker" : own}, ${sent} published${confirms}${fell}`);
  }
}

const entries = (length) => `${length} ${length === 1 ? "entry" : "entries"}`;

class Exchange extends Glyph {
  constructor(parent, box, ctx) {
    super(parent, box, ctx);
    const { w, h } = box;
    make(this.root, "path", { class: "body", d: `M0 ${h / 2}L20 0H${w - 20}L${w} ${h / 2}L${w - 20} ${h}H20z` });
    const shown = box.name === "amq.default" ? "(default)" : box.name;
    this.name = make(this.root, "text", { class: "name middle", x: w / 2, y: h / 2 - 1 });
    fit(this.name, shorten(shown, Math.floor((w - 14) / 7.8)), w - 14);
    this.sub = make(this.root, "text", { class: "m middle", x: w / 2, y: h / 2 + 14 });
  }

  update(node, scene, t, selected, falling) {
    set(this.root, "class", `node exchange${this.ctx.downOf(scene, node) ? " down" : ""}`);
    const { what, settings } = node;
    const words = what === "channel" ? "channel" : settings.type ?? "";
    say(this.sub, words);
    const fell = this.drop(scene, falling);
    say(this.title, `${this.box.name}: ${what === "channel" ? "a channel" : `${words} exchange`}${fell}`);
  }
}

/** A log: its latest entries, which stay, and below them how far each group has read. */
class Stream extends Glyph {
  constructor(parent, box, ctx) {
    super(parent, box, ctx);
    const { w, h } = box;
    make(this.root, "path", { class: "body", d: `M7 0H${w - 4}a4 4 0 0 1 4 4V${h - 4}a4 4 0 0 1-4 4H7l-5-${h / 4} 5-${h / 4}-5-${h / 4}z` });
    this.name = make(this.root, "text", { class: "name middle", x: w / 2 + 2, y: 16 });
    fit(this.name, shorten(box.name, Math.floor((w - 14) / 7.8)), w - 14);
    this.sub = make(this.root, "text", { class: "m middle", x: w / 2 + 2, y: h - 7 });
    this.row = new Minis(make(this.root, "g"), LOG_PX - 2);
    this.cursors = make(this.root, "path", { class: "cursors" });
  }

  update(node, scene, t, selected, falling) {
    set(this.root, "class", `node exchange${this.ctx.downOf(scene, node) ? " down" : ""}`);
    const shown = node.entries.slice(-Math.floor((this.box.w - 16) / LOG_PX));
    const from = this.box.w - 7 - shown.length * LOG_PX;
    this.row.draw(shown.map(([message, key], n) => [from + n * LOG_PX + 1, 24, selected === message ? "entry selected" : "entry", this.ctx.keys.colour(key)]));
    const groups = Array.from(scene.nodes).filter(([, one]) => one.what === "group" && one.settings.stream === this.box.name);
    const places = new Set(groups.map(([, group]) => Math.max(0, shown.length - group.ready.size)));
    set(this.cursors, "d", Array.from(places, (n) => `M${from + n * LOG_PX} 35.5l3.5 5h-7z`).join(""));
    const words = entries(node.settings.length ?? 0);
    say(this.sub, words);
    const fell = this.drop(scene, falling);
    say(this.title, `${this.box.name}: a stream of ${words}${groups.map(([name, group]) => `, ${name.slice(this.box.name.length + 1)} has ${group.ready.size} to read and ${group.unacked.size} pending`).join("")}${fell}`);
  }
}

class Queue extends Glyph {
  constructor(parent, box, ctx) {
    super(parent, box, ctx);
    const { w } = box;
    this.name = make(this.root, "text", { class: "name", x: 0, y: 13 });
    this.sub = make(this.root, "text", { class: "s end", x: w, y: 13 });
    make(this.root, "rect", { class: "body", y: 20, width: w, height: 36, rx: 7 });
    for (let n = 1; n < ctx.cells; n++) make(this.root, "path", { class: "cell", d: `M${w - 6 - n * 24} 29v18` });
    this.more = make(this.root, "text", { class: "s", x: 7, y: 42 });
    this.end = ctx.narrow ? "" : " end";
    this.place = make(this.root, "text", ctx.narrow ? { x: 1, y: 70 + box.feet.length * 14 } : { x: w, y: 70 });
    box.feet.forEach((line, n) => make(this.root, "text", { class: "s foot", x: 1, y: 70 + n * 14 }, line));
    this.pool = new Pool(this.root);
    this.known = null; // what it remembers, as a row of small squares that fade
  }

  update(node, scene, t, selected, falling) {
    const { settings, ready, unacked } = node;
    const polled = settings.visibility_timeout_s !== undefined;
    const delivered = scene.counts.get(this.box.name)?.get("delivered");
    set(this.root, "class", `node queue${this.ctx.downOf(scene, node) ? " down" : ""}${this.ctx.deadEnd(this.box.name) ? " parking" : ""}`);
    const parts = [settings.max_length !== undefined ? `${ready.size} of ${settings.max_length}` : `${ready.size} ${polled ? "visible" : node.what === "buffer" ? "wait" : "ready"}`];
    if (polled) parts.push(...this.aside(unacked));
    else if (unacked.size) parts.push(`${unacked.size} ${node.what === "group" ? "pending" : "unacked"}`);
    if (settings.type === "quorum" || settings.type === "fifo") parts.push(settings.type === "fifo" ? "FIFO" : "quorum");
    if (this.ctx.deadEnd(this.box.name)) parts.push("dead letters");
    const room = this.box.w - Math.min(12, wide(this.box.name)) * 7.5 - 12;
    while (parts.length > 1 && parts.join(" · ").length * 5.8 > room) parts.pop();
    const words = parts.join(" · ");
    say(this.sub, words);
    const px = this.box.w - words.length * 5.8 - 10;
    fit(this.name, shorten(this.box.name, Math.max(4, Math.floor(px / 7.5))), px);
    const lent = Math.min(unacked.size, polled ? FLYING_SHOWN : LENT_SHOWN, Math.floor(this.ctx.cells / 2));
    const locked = this.locked(node, scene);
    const free = this.ctx.cells - lent;
    const shown = ready.size > free ? Math.max(0, free - 2) : ready.size;
    say(this.more, ready.size > shown ? `+${ready.size - shown}` : "");
    this.pool.begin();
    this.slide = slide(this.ctx.still() ? null : scene.traces.gaps.get(this.box.name), t, Math.min(LENT_SHOWN, Math.floor(this.ctx.cells / 2)));
    let n = 0;
    for (const copy of unacked.keys()) {
      if (n === lent) break;
      this.cell(n++, copy, scene.copies.get(copy), "unacked", settings, t, selected);
    }
    for (let k = 0; k < shown; k++) {
      const copy = ready.at(k);
      const state = scene.copies.get(copy);
      this.cell(n++, copy, state, this.ctx.deadEnd(this.box.name) ? "dead" : locked.has(state.group) ? "message locked" : "message", settings, t, selected);
    }
    this.pool.end();
    if (node.memory.size || this.known) this.remember(node.memory, t);
    const place = placeWords(settings, scene);
    say(this.place, place?.short ?? (locked.size ? shorten(`locked: ${Array.from(locked).join(", ")}`, 24) : ""));
    set(this.place, "class", `s${this.end} place${place && (settings.leader === "" || settings.unavailable) ? " away" : ""}`);
    const fell = this.drop(scene, falling);
    const limits = this.box.feet.length ? `, ${this.box.feet.join(", ")}` : "";
    say(this.title, `${this.box.name}: ${parts.length > 1 && polled ? parts.join(", ") : `${ready.size} ready, ${unacked.size} unacked`}${node.memory.size ? `, knows ${node.memory.size} ids` : ""}${locked.size ? `, locked: ${Array.from(locked).join(", ")}` : ""}${delivered ? `, ${delivered} delivered` : ""}${limits}${place ? `, ${place.long}` : ""}${fell}`);
  }

  /** Of what SQS holds and does not show: in flight, delayed. */
  aside(unacked) {
    let delayed = 0;
    for (const holder of unacked.values()) if (!holder) delayed++;
    return [unacked.size - delayed ? `${unacked.size - delayed} in flight` : "", delayed ? `${delayed} delayed` : ""].filter(Boolean);
  }

  /** The message groups of a FIFO queue that have something in flight. */
  locked({ settings, unacked }, scene) {
    const found = new Set();
    if (settings.type !== "fifo") return found;
    for (const [copy, holder] of unacked) if (holder) found.add(scene.copies.get(copy)?.group);
    return found;
  }

  /** The deduplication ids that it knows, the latest on the right, each paler the less time is left. */
  remember(memory, t) {
    this.known ??= new Minis(make(this.root, "g", { class: "memory" }), 4);
    const shown = Array.from(memory.values()).slice(-KNOWN_SHOWN);
    this.known.draw(shown.map((until, n) => [this.box.w - 9 - (shown.length - 1 - n) * 6, 50, `known q${Math.max(1, Math.ceil(4 * left(t, until - WINDOW_US, until)))}`, ""]));
  }

  /** What is left of a copy's time: to live while it is ready, out of sight while it is in flight or delayed; -1: no such line. */
  drain(state, what, settings, t) {
    if (what === "unacked") return state.until ? left(t, state.hidden ?? state.until - (settings.visibility_timeout_s ?? 0) * 1e6, state.until) : -1;
    const from = state.entered ?? state.expires - (settings.message_ttl_ms ?? 0) * 1000;
    return state.expires && state.expires - from <= FAR_US ? left(t, from, state.expires) : -1;
  }

  /** A copy in the n-th cell from the head, with what is left of its time. */
  cell(n, copy, state, what, settings, t, selected) {
    this.pool.next().draw(Math.max(CELL_PX / 2, this.box.w - 18 - n * CELL_PX - this.slide(n)), 38, {
      what, colour: this.ctx.keys.colour(state.key), letter: this.ctx.keys.letter(state.key), count: state.returns, message: copy,
      drain: this.drain(state, what, settings, t), selected: this.ctx.is(copy, selected),
    });
  }
}

const ROUND = 2 * Math.PI * 28;

class Consumer extends Glyph {
  constructor(parent, box, ctx) {
    super(parent, box, ctx);
    this.face = make(this.root, "g", { transform: `translate(25 ${box.h / 2})` });
    make(this.face, "circle", { class: "body", r: 24 });
    this.pie = make(this.face, "path", { class: "pie" });
    this.crack = make(this.face, "path", { class: "crack", d: "M-8 -23L2 -6L-6 4L6 23" });
    this.round = make(this.face, "circle", { class: "gone", r: 28, transform: "rotate(-90)" });
    this.pool = new Pool(this.face);
    this.slots = new Minis(make(this.root, "g"), 10);
    this.name = make(this.root, "text", { class: "name", y: box.h / 2 - 12 });
    this.sub = make(this.root, "text", { class: "s state", y: box.h / 2 + 3 });
    this.third = make(this.root, "text", { class: "s", y: box.h / 2 + 17 });
  }

  update(node, scene, t, selected, falling) {
    const { settings, held } = node;
    const slots = [];
    let working = null;
    let buffered = 0;
    for (const [copy, one] of held) {
      if (one.slot) slots.push(one);
      if (one.state === "working") working = [copy, one];
      if (one.state === "buffered") buffered++;
    }
    const state = this.state(node);
    const away = state === "down" || state === "waits" ? -1 : this.ctx.away(scene, this.box.name, node, t);
    set(this.round, "class", away < 0 ? "gone" : "round");
    if (away >= 0) set(this.round, "stroke-dasharray", `${(ROUND * away).toFixed(1)} ${ROUND.toFixed(1)}`);
    const limit = settings.prefetch ?? 0;
    const auto = settings.ack === "auto";
    const columns = this.drawSlots(slots, auto ? 0 : limit || slots.length);
    const limited = this.drawWork(working, scene, t, selected, state);
    const x = 58 + columns * 13;
    for (const text of [this.name, this.sub, this.third]) set(text, "x", x);
    const room = this.box.w - x;
    fit(this.name, shorten(this.box.name, Math.floor(room / 7.2)), room);
    const counts = scene.counts.get(this.box.name);
    const done = counts?.get("ok") ?? 0;
    const prefetch = "channels" in settings ? `${buffered} in socket` : "group" in settings ? `${slots.length} pending` : node.what === "client" ? `holds ${slots.length}` : settings.receive ? this.asking(node, scene, slots.length) : auto ? `auto-ack · ${buffered} wait` : limit ? `prefetch ${slots.length} / ${limit}` : `prefetch ${slots.length} / ∞`;
    const crashed = this.ctx.crashed(scene, this.box.name);
    say(this.sub, shorten(state === "down" ? crashed : state === "waits" ? "not started" : away >= 0 ? "reconnects" : prefetch, Math.floor(room / 5.4)));
    const before = node.what === "client" ? "client · " : settings.ack === "before" ? "acks before · " : "";
    const letters = Math.floor(room / 5.4);
    const holds = `holds ${slots.length} · ${done} done`;
    say(this.third, shorten(state === "down" && slots.length && holds.length <= letters ? holds : state === "slow" ? `slow × ${settings.slow} · ${done} done` : state === "hung" ? `hangs · ${done} done` : limited || `${before}${done} done`, letters));
    const fell = this.drop(scene, falling);
    const failed = counts?.get("failed");
    say(this.title, `${this.box.name}: ${state === "down" ? "crashed" : state === "waits" ? "not started" : state === "hung" ? "hangs" : prefetch}${settings.service ? `, ${serviceWords(settings.service)}` : ""}, ${done} handled${failed ? `, ${failed} failed` : ""}${fell}`);
  }

  /** What a consumer that asks for its messages is doing. */
  asking({ settings }, scene, holds) {
    if (holds) return `${holds} in flight`;
    for (const one of scene.flights.values()) if (one.what === "request" && one.source === this.box.name) return settings.receive.WaitTimeSeconds === 0 ? "asks" : "asks, and waits";
    return "asks again soon";
  }

  /** A slot for each message that prefetch allows; taken from Delivered to Settled. Returns how many columns there are. */
  drawSlots(slots, limit) {
    const shown = Math.min(SLOTS_SHOWN, Math.max(limit, slots.length));
    const rows = Math.min(4, shown);
    const top = this.box.h / 2 - rows * 6.5 + 1;
    this.slots.draw(Array.from({ length: shown }, (_, n) => {
      const one = slots[n];
      const look = !one ? "slot" : one.state === "dead" ? "slot dead hollow" : one.state === "on_way" ? "slot on-way hollow" : "slot";
      return [56 + Math.floor(n / 4) * 13, top + (n % 4) * 13, look, one ? this.ctx.keys.colour(one.key) : ""];
    }));
    return Math.max(1, Math.ceil(shown / 4));
  }

  /** The chip in hand and the pie of its work. Returns the words on its attempts, where its queue limits them. */
  drawWork(working, scene, t, selected, state) {
    this.pool.begin();
    set(this.pie, "class", working ? `pie k-${this.ctx.keys.colour(working[1].key)}` : "gone");
    let words = "";
    if (working) {
      const [copy, one] = working;
      const share = state === "hung" || one.until <= one.started ? 0.999 : Math.min(0.999, 1 - left(t, one.started, one.until));
      const a = share * 2 * Math.PI;
      set(this.pie, "d", `M0 0V-23A23 23 0 ${share > 0.5 ? 1 : 0} 1 ${(23 * Math.sin(a)).toFixed(1)} ${(-23 * Math.cos(a)).toFixed(1)}Z`);
      const kept = scene.copies.get(copy);
      const count = kept?.returns || (one.redelivered ? 1 : 0);
      const limit = scene.nodes.get(kept?.queue)?.settings.delivery_limit;
      if (limit !== undefined && kept.returns) words = `attempt ${kept.returns + 1} / ${limit + 1}`;
      this.pool.next().draw(0, 0, {
        colour: this.ctx.keys.colour(one.key), letter: this.ctx.keys.letter(one.key), message: copy,
        count, selected: this.ctx.is(copy, selected),
      });
    }
    this.pool.end();
    return words;
  }
}

const KINDS = { program: Program, exchange: Exchange, stream: Stream, queue: Queue, consumer: Consumer };

export function glyph(parent, box, ctx) {
  return new KINDS[box.what === "stream" ? "stream" : box.column](parent, box, ctx);
}

/** Words for a crash, with its moment where it is known. */
export function crashWords(at) {
  return at === undefined ? "crashed" : `crashed ${seconds(at)} s`;
}
