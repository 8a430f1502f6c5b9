// Topology -> positions. Pure and deterministic: producers | exchanges, as long as their chain is | queues | consumers;
// what only dead letters and alternate routes reach lies below. Every box has its words inside, a strip below for what
// fell there, and room before it for the words of the lines that end in it, so nothing can overlap. On a narrow screen
// the flow runs downwards, and each queue's consumers stand below it. lines.js draws the lines between the boxes.

import { CHAR_PX, LABEL_H, SWING_PX, wire } from "./lines.js";
import { bindingWords, limitWords, shorten, wide } from "./words.js";

export const NARROW_PX = 680;
const PAD = 16;
const GAP = 14;
const BAND_GAP = 26;
const FALL_H = 24; // the strip in which lies what fell
const FOOT_H = 14;
const FOOT_CHAR_PX = 5.9;
const FOOT_LINE_PX = 26; // from the end of a queue to beyond the line that leaves it downwards
const CHAIN_MAX = 4;
const GAP_MIN = 42; // between two columns
const WORDS_MAX = 24; // letters of a binding's words for which room is made

/** Which column a node of this kind stands in; null for one that is not drawn (a broker is the paper). */
export function columnOf({ what, settings }) {
  if (what === "exchange" || what === "queue" || what === "consumer") return what;
  if (what === "channel" || what === "stream") return "exchange";
  if (what === "group" || what === "buffer") return "queue";
  if (what === "producer" || what === "you") return "program";
  if (what !== "client") return null;
  return (settings.script ?? []).some(takes) ? "consumer" : "program";
}

/** Whether a call takes messages out of a queue; a direct reply comes from none. */
function takes({ call, queue = "" }) {
  return (call === "basic_consume" || call === "basic_get") && !queue.startsWith("amq.rabbitmq.reply-to");
}

/** {boxes: node -> {x, y, w, h, column, feet}, lines: link -> line, width, height, narrow, cells}. `seen`: the width on the
    screen, where the figure is drawn larger than it is laid out; the boxes are those of that width. */
export function layout(nodes, links, width, seen = width) {
  const narrow = seen <= NARROW_PX;
  const sizes = sizesAt(seen, narrow);
  const boxes = new Map();
  for (const [name, node] of nodes) {
    const column = columnOf(node);
    if (column) boxes.set(name, box(name, column, node, sizes, narrow, narrow && lives(node, nodes)));
  }
  const drawn = Array.from(links).filter(([, link]) => boxes.has(link.source) && boxes.has(link.target));
  for (const [, link] of drawn) if (bindingWords(link)) boxes.get(link.target).labels++;
  const flow = drawn.filter(([, link]) => !link.implied); // a line that was added on the way moves no box
  const bands = split(boxes, flow);
  const chain = depths(boxes, flow, narrow ? CHAIN_MAX : chainRoom(width, sizes));
  const plan = narrow ? downwards(bands, flow, width, chain, sizes) : across(bands, flow, width, chain, sizes);
  const lines = wire(drawn, boxes, plan, narrow);
  return { boxes, lines, width: plan.width, height: plan.height, narrow, cells: Math.floor((sizes.queue - 8) / 24) };
}

function sizesAt(width, narrow) {
  if (width <= 344) return { program: 112, exchange: 96, queue: Math.min(216, width - 86), consumer: 160 };
  if (narrow) return { program: 112, exchange: 96, queue: 152, consumer: 152 };
  return width < 800 ? { program: 96, exchange: 84, queue: 152, consumer: 150 } : { program: 116, exchange: 92, queue: 208, consumer: 176 };
}

/** Whether a queue says on which nodes of a cluster it lives. */
function lives({ settings }, nodes) {
  return Boolean(nodes.get(settings.broker)?.settings.members && (settings.node || settings.members));
}

/** `mid`: where lines meet it, from its top; `up`, `down`: what it needs above and below that. Where the flow runs downwards,
    a line leaves through the feet of a queue: the words end before it, and its nodes have a line of their own. */
function box(name, column, node, sizes, narrow, placed) {
  const w = sizes[column];
  const feet = column === "queue" ? wrap(limitWords(node.settings), Math.floor((w - (narrow ? FOOT_LINE_PX : 0)) / FOOT_CHAR_PX)) : [];
  const h = column === "queue" ? 57 + (feet.length + (placed ? 1 : 0)) * FOOT_H : column === "program" ? 50 : column === "exchange" ? 62 : 60;
  return { name, what: node.what, column, feet, w, h, mid: column === "queue" ? 38 : h / 2, x: 0, y: 0, labels: 0, rank: 0 };
}

/** Phrases in lines of at most `most` characters. */
function wrap(phrases, most) {
  const lines = [];
  for (const phrase of phrases) {
    const last = lines[lines.length - 1];
    if (last !== undefined && wide(last) + wide(phrase) + 3 <= most) lines[lines.length - 1] = `${last} · ${phrase}`;
    else if (wide(phrase) <= most || !phrase.includes(" → ")) lines.push(shorten(phrase, most));
    else lines.push(...phrase.split(/ (?=→ )/).map((part) => shorten(part, most)));
  }
  return lines;
}

/** The main flow, and below it what only dead letters or alternate routes reach. */
function split(boxes, links) {
  const below = new Set();
  const fed = new Set(links.filter(([, l]) => l.what === "publish").map(([, l]) => l.target));
  const aside = (link) => link.what === "dead_letter" || link.what === "alternate";
  for (const [, link] of links) if (aside(link) && !fed.has(link.target)) below.add(link.target);
  for (let again = true; again; ) {
    again = false;
    for (const one of boxes.values()) {
      if (below.has(one.name) || one.column === "program" || fed.has(one.name)) continue;
      const ways = links.filter(([, l]) => l.target === one.name && l.source !== one.name && !aside(l));
      if (ways.length > 0 && ways.every(([, l]) => below.has(l.source))) {
        below.add(one.name);
        again = true;
      }
    }
  }
  const parts = [[], []];
  for (const one of boxes.values()) parts[below.has(one.name) ? 1 : 0].push(one);
  return parts.filter((part) => part.length > 0);
}

/** How many columns of exchanges there is room for. */
function chainRoom(width, sizes) {
  const spare = width - 2 * PAD - sizes.program - sizes.queue - sizes.consumer - 3 * GAP_MIN;
  return Math.max(1, Math.min(CHAIN_MAX, Math.floor(spare / (sizes.exchange + GAP_MIN))));
}

/** How far along a chain of exchanges each stands, at most `most` - 1; a circle counts once. */
function depths(boxes, links, most) {
  const into = new Map();
  for (const [, { what, source, target }] of links) {
    if (what !== "binding" || source === target || boxes.get(source).column !== "exchange" || boxes.get(target).column !== "exchange") continue;
    into.set(target, [...(into.get(target) ?? []), source]);
  }
  const found = new Map();
  const depth = (name, seen) => {
    if (found.has(name)) return found.get(name);
    const before = (into.get(name) ?? []).filter((one) => !seen.has(one));
    const made = Math.min(most - 1, Math.max(-1, ...before.map((one) => depth(one, new Set(seen).add(one)))) + 1);
    found.set(name, made);
    return made;
  };
  for (const one of boxes.values()) if (one.column === "exchange") depth(one.name, new Set([one.name]));
  return found;
}

/** Boxes of one rank, sorted by where their links come from; ties stay as they came. */
function order(mine, links, place) {
  const wish = new Map(
    mine.map((one, n) => {
      const from = links.filter(([, l]) => l.target === one.name && place.has(l.source)).map(([, l]) => place.get(l.source));
      return [one, from.length ? from.reduce((a, b) => a + b, 0) / from.length : n / Math.max(1, mine.length)];
    }),
  );
  const sorted = mine.map((one, n) => [one, n]).sort((a, b) => wish.get(a[0]) - wish.get(b[0]) || a[1] - b[1]).map(([one]) => one);
  sorted.forEach((one, n) => place.set(one.name, (n + 0.5) / sorted.length));
  return sorted;
}

/** The columns of the whole figure in their order: [kind, chain depth]. */
function columnsOf(bands, chain) {
  const ranks = [["program", 0]];
  const last = Math.max(0, ...bands.flat().filter((one) => one.column === "exchange").map((one) => chain.get(one.name)));
  for (let n = 0; n <= last; n++) ranks.push(["exchange", n]);
  ranks.push(["queue", 0], ["consumer", 0]);
  return ranks.filter(([kind, n]) => bands.flat().some((one) => one.column === kind && (kind !== "exchange" || chain.get(one.name) === n)));
}

function across(bands, links, width, chain, sizes) {
  const columns = columnsOf(bands, chain);
  const boxesW = columns.reduce((sum, [kind]) => sum + sizes[kind], 0);
  const gaps = gapsOf(columns, links, bands, chain, width - 2 * PAD - boxesW);
  const spare = gaps.reduce((a, b) => a + b, 0);
  const whole = Math.max(width, boxesW + spare + 2 * PAD);
  const ranks = [];
  let x = (whole - boxesW - spare) / 2;
  columns.forEach(([kind], n) => {
    ranks.push({ kind, from: x, to: x + sizes[kind], room: n ? gaps[n - 1] : 0, boxes: [] });
    x += sizes[kind] + (gaps[n] ?? 0);
  });
  let y = PAD;
  for (const band of bands) {
    const place = new Map();
    const parts = columns.map(([kind, depth]) => order(band.filter((one) => one.column === kind && (kind !== "exchange" || chain.get(one.name) === depth)), links, place));
    parts.forEach((part, n) => {
      for (const one of part) {
        const tail = links.some(([, l]) => l.source === one.name && (l.what === "dead_letter" || l.what === "alternate")) ? LABEL_H : 0;
        const strip = ((one.labels - 1) * LABEL_H) / 2;
        Object.assign(one, { x: ranks[n].from, rank: n, up: Math.max(one.mid, strip + LABEL_H), down: Math.max(one.h - one.mid, strip + tail) + FALL_H });
        ranks[n].boxes.push(one);
      }
    });
    y += stack(parts, links, y) + BAND_GAP;
  }
  return { ranks, width: whole, height: y - BAND_GAP + PAD / 2 };
}

/** The room between columns: at least what a line needs to swing, then what the words before a column need, then more. */
function gapsOf(columns, links, bands, chain, spare) {
  const column = new Map();
  for (const one of bands.flat()) column.set(one.name, columns.findIndex(([kind, depth]) => one.column === kind && (kind !== "exchange" || chain.get(one.name) === depth)));
  const wished = columns.slice(1).map((_, n) => {
    const words = links.filter(([, l]) => column.get(l.target) === n + 1).map(([, l]) => Math.min(WORDS_MAX, wide(bindingWords(l))));
    return Math.max(0, ...words) * CHAR_PX;
  });
  const least = wished.map((px) => (px ? GAP_MIN + 30 : GAP_MIN));
  let left = spare - least.reduce((a, b) => a + b, 0);
  const wants = wished.map((px, n) => Math.max(0, px && px + SWING_PX - least[n]));
  const all = wants.reduce((a, b) => a + b, 0);
  const share = all > 0 ? Math.max(0, Math.min(1, left / all)) : 0;
  left = Math.max(0, left - all * share);
  const more = Math.min(60, left / Math.max(1, least.length));
  return least.map((px, n) => px + wants[n] * share + more);
}

/** Give the columns of a band their y: the tallest first, the others as near to their neighbours as they can be. */
function stack(parts, links, top) {
  const tall = parts.map((part) => part.reduce((sum, one) => sum + one.up + one.down + GAP, 0));
  const first = tall.indexOf(Math.max(...tall));
  const at = new Map();
  settle(parts[first], () => undefined, at);
  const way = [];
  for (let n = first + 1; n < parts.length; n++) way.push(n);
  for (let n = first - 1; n >= 0; n--) way.push(n);
  for (const n of way) settle(parts[n], (one) => pull(one, links, at), at);
  const all = parts.flat();
  const high = Math.min(...all.map((one) => at.get(one.name) - one.up));
  for (const one of all) one.y = Math.round(top + at.get(one.name) - high - one.mid);
  return Math.max(...all.map((one) => one.y + one.mid + one.down)) - top;
}

/** The middle of the neighbours that already have a place. */
function pull(one, links, at) {
  const near = [];
  for (const [, { source, target }] of links) {
    if (source === one.name && at.has(target)) near.push(at.get(target));
    if (target === one.name && at.has(source)) near.push(at.get(source));
  }
  return near.length ? near.reduce((a, b) => a + b, 0) / near.length : undefined;
}

/** Places in one column, as near to what each wishes as their sizes allow (pool adjacent violators). */
function settle(part, wish, at) {
  const blocks = [];
  let offset = 0;
  let before = null;
  const offsets = part.map((one) => {
    if (before) offset += before.down + GAP + one.up;
    before = one;
    return offset;
  });
  const known = part.map(wish).filter((one) => one !== undefined);
  const middle = known.length ? known.reduce((a, b) => a + b, 0) / known.length : at.size ? (Math.min(...at.values()) + Math.max(...at.values())) / 2 : 0;
  part.forEach((one, n) => {
    const wanted = wish(one);
    const free = blocks.length ? blocks[blocks.length - 1].mean : middle - offset / 2;
    blocks.push({ mean: wanted === undefined ? free : wanted - offsets[n], many: 1 });
    while (blocks.length > 1 && blocks[blocks.length - 2].mean > blocks[blocks.length - 1].mean) {
      const last = blocks.pop();
      const prior = blocks[blocks.length - 1];
      prior.mean = (prior.mean * prior.many + last.mean * last.many) / (prior.many + last.many);
      prior.many += last.many;
    }
  });
  let n = 0;
  for (const block of blocks) for (let k = 0; k < block.many; k++, n++) at.set(part[n].name, block.mean + offsets[n]);
}

function downwards(bands, links, width, chain, sizes) {
  const ranks = [];
  let y = PAD;
  const per = (kind) => Math.max(1, Math.floor((width - 2 * PAD + 20) / (sizes[kind] + 20)));
  const row = (kind, boxes) => {
    const labels = Math.max(0, ...boxes.map((one) => one.labels)) * LABEL_H;
    const h = Math.max(...boxes.map((one) => one.h));
    const rank = { kind, from: y + labels, to: y + labels + h + FALL_H, room: 0, boxes };
    for (const one of boxes) Object.assign(one, { y: rank.from, rank: ranks.length });
    ranks.push(rank);
    y = rank.to + 26;
  };
  const spread = (kind, boxes) => {
    for (let n = 0; n < boxes.length; n += per(kind)) {
      const part = boxes.slice(n, n + per(kind));
      const gap = (width - part.length * sizes[kind]) / (part.length + 1);
      part.forEach((one, m) => (one.x = Math.round(gap + m * (sizes[kind] + gap))));
      row(kind, part);
    }
  };
  for (const band of bands) {
    const place = new Map();
    const of = (kind) => order(band.filter((one) => one.column === kind), links, place);
    spread("program", of("program"));
    const exchanges = of("exchange");
    for (let n = 0; n < CHAIN_MAX; n++) spread("exchange", exchanges.filter((one) => chain.get(one.name) === n));
    const queues = of("queue");
    const left = new Set(of("consumer"));
    for (let n = 0; n < queues.length; n += per("queue")) {
      const part = queues.slice(n, n + per("queue"));
      spread("queue", part);
      const theirs = part.map((queue) => takeConsumers(queue, links, left));
      if (part.length === 1) spread("consumer", theirs[0]);
      else below(part, theirs, sizes, row, width);
    }
    spread("consumer", Array.from(left));
    y += 4;
  }
  return { ranks, width, height: y - 18 };
}

function takeConsumers(queue, links, left) {
  const found = Array.from(left).filter((one) => links.some(([, l]) => l.what === "consume" && l.source === queue.name && l.target === one.name));
  for (const one of found) left.delete(one);
  return found;
}

/** Rows of consumers, each below its own queue. */
function below(queues, theirs, sizes, row, width) {
  for (let n = 0; theirs.some((list) => list.length > n); n++) {
    const part = [];
    queues.forEach((queue, m) => {
      const one = theirs[m][n];
      if (!one) return;
      one.x = Math.round(Math.max(4, Math.min(width - 4 - sizes.consumer, queue.x + (queue.w - sizes.consumer) / 2)));
      part.push(one);
    });
    row("consumer", part);
  }
}
