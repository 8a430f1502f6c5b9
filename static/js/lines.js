// Lines between boxes that never run behind another box: a line passes a rank that lies between its ends through a gap
// of that rank, and swings from gap to gap. Everything is reckoned along the flow (u) and across it (v), so that the
// same code serves a figure that runs to the right and one that runs downwards.

import { bindingWords, shorten, wide } from "./words.js";

export const LABEL_H = 22; // a chip that passes below the words leaves them to be read
export const CHAR_PX = 6.7;
export const SWING_PX = 64; // beside the words before a column: for the lines' swing and the arrow
const WORDS_H = 15;
const TIP_PX = 14; // from the words to the box
const EDGE = 5; // from a box to a line that passes it
const LANE = 5; // between two lines that pass the same gap
const SAMPLES = 14;

/** link -> {d, points, lengths, what, source, target, label?}. `points`: x, y, x, y…; `lengths`: the way up to each. */
export function wire(links, boxes, plan, narrow) {
  const gaps = new Map();
  const ports = portsOf(links, boxes, narrow);
  const made = new Map();
  const words = wordsOf(links, boxes, plan, narrow);
  for (const [id, link] of links) {
    const a = boxes.get(link.source);
    const b = boxes.get(link.target);
    const out = leaves(link, a, b);
    const into = comes(link, a, b);
    const from = ports.get(`${id}<`) ?? face(a, narrow, out, 0);
    const aside = a.rank === b.rank ? 10 : Math.sign(center(a, narrow) - center(b, narrow)) * 12;
    const to = ports.get(id) ?? face(b, narrow, -into, into < 0 ? aside : 0);
    if (a.rank !== b.rank && Math.abs(from[1] - to[1]) < 3) to[1] = from[1]; // no bend that one could take for a mistake
    const stops = [[...from, out]];
    if (narrow && out > 0) stops.push([plan.ranks[a.rank].to, from[1], out]); // through the strip of what fell
    if (!narrow && out < 0 && words.widest[a.rank]) stops.push([from[0] - words.widest[a.rank], from[1], out]);
    const step = b.rank > a.rank ? 1 : -1;
    const last = step < 0 && into > 0 ? b.rank + step : b.rank; // to come from before, it passes b's own rank too
    for (let n = a.rank + step, v = from[1]; a.rank !== b.rank && n !== last; n += step) {
      const share = (n - a.rank) / (b.rank - a.rank);
      v = pass(plan, n, from[1] + (to[1] - from[1]) * share, v, gaps, narrow);
      const { from: u0, to: u1 } = plan.ranks[n];
      stops.push(...(step > 0 ? [[u0, v, 1], [u1, v, 1]] : [[u1, v, -1], [u0, v, -1]]));
    }
    const straight = into > 0 && narrow && b.labels ? b.labels * LABEL_H : into > 0 && !narrow ? words.widest[b.rank] : 0;
    if (straight) stops.push([to[0] - straight, to[1], into]);
    stops.push([to[0], to[1], into]);
    const line = { ...draw(stops, narrow), what: link.what, source: link.source, target: link.target };
    if (words.of.has(id)) line.label = label(words.of.get(id), b, to, narrow);
    made.set(id, line);
  }
  return made;
}

/** The side on which a line leaves: 1 with the flow, -1 against it. */
function leaves(link, a, b) {
  return b.rank > a.rank || (b.rank === a.rank && link.what !== "binding") ? 1 : -1;
}

/** The direction in which it comes: bindings always with the flow, since their words stand on that side. */
function comes(link, a, b) {
  return b.rank > a.rank || link.what === "binding" ? 1 : -1;
}

function center(box, narrow) {
  return narrow ? box.x + box.w / 2 : box.y + box.mid;
}

/** A point on a side of a box, as (u, v): side 1 is where the flow leaves, -1 where it comes; `off`: from its middle. */
function face(box, narrow, side, off) {
  if (narrow) {
    const middle = box.column === "consumer" ? 25 : box.column === "queue" ? (side > 0 ? box.w - 18 : 18) : box.w / 2;
    const bottom = box.column === "queue" ? 57 : box.h;
    return [side > 0 ? box.y + bottom + 1 : box.y - 2, box.x + Math.max(6, Math.min(box.w - 6, middle + off))];
  }
  const inset = box.column === "exchange" ? (20 * Math.abs(off)) / (box.h / 2) : box.column === "program" && side > 0 ? (18 * Math.abs(off)) / (box.h / 2) : 0;
  const u = side > 0 ? (box.column === "consumer" ? box.x + 50 : box.x + box.w - inset) : box.x + inset - 2;
  return [u, box.y + box.mid + off];
}

/** Where the lines on the coming side of each box end: the words of each need room, and so do those that leave there. */
function portsOf(links, boxes, narrow) {
  const sides = new Map();
  const add = (box, id, other, words) => {
    if (!sides.has(box)) sides.set(box, []);
    sides.get(box).push({ id, v: center(other, narrow), words });
  };
  for (const [id, link] of links) {
    const a = boxes.get(link.source);
    const b = boxes.get(link.target);
    if (leaves(link, a, b) < 0) add(a, `${id}<`, b, false);
    if (link.what === "binding") add(b, id, a, bindingWords(link) !== "");
  }
  const found = new Map();
  for (const [box, list] of sides) {
    // On a narrow figure what leaves a queue upwards does so at its far end, beyond the words of what comes.
    const ends = list.map((one, n) => [one, n]).sort((p, q) => q[0].words - p[0].words || p[0].v - q[0].v || p[1] - q[1]).map(([one]) => one);
    const worded = ends.filter((one) => one.words).length;
    ends.forEach((one, n) => {
      const off = narrow ? (one.id.endsWith("<") ? (box.column === "queue" ? box.w - 54 : 30) + 8 * (n - worded) : 0) : one.words ? (n - (worded - 1) / 2) * LABEL_H : worded ? (worded - 1) / 2 * LABEL_H + 12 + 5 * (n - worded) : (n - (ends.length - 1) / 2) * 8;
      found.set(one.id, face(box, narrow, -1, off));
      if (narrow && one.words) found.get(one.id).row = n - worded;
    });
  }
  return found;
}

/** Where a line passes a rank: in the gap between boxes nearest to where it would like to. */
function pass(plan, rank, wish, before, gaps, narrow) {
  const spans = plan.ranks[rank].boxes.map((box) => (narrow ? [box.x - EDGE, box.x + box.w + EDGE] : [box.y + box.mid - box.up - 1, box.y + box.mid + box.down + 1]));
  spans.sort((a, b) => a[0] - b[0]);
  const least = 4;
  const most = (narrow ? plan.width : plan.height) - 4;
  let best = null;
  let from = least;
  for (const [a, b] of [...spans, [most, most]]) {
    if (a >= from) {
      const v = Math.max(from, Math.min(a, wish));
      const cost = Math.abs(v - wish) + Math.abs(v - before) / 4;
      if (!best || cost < best.cost) best = { cost, v, from, to: a };
    }
    from = Math.max(from, b);
  }
  if (!best) return wish;
  const key = `${rank}|${best.from}`;
  const taken = gaps.get(key) ?? 0;
  gaps.set(key, taken + 1);
  const shift = (taken % 2 ? 1 : -1) * Math.ceil(taken / 2) * LANE;
  return Math.max(best.from, Math.min(best.to, best.v + shift));
}

/** The curve through the stops: swings between ranks, straight within one. */
function draw(stops, narrow) {
  const xy = ([u, v]) => (narrow ? [v, u] : [u, v]);
  const spot = (stop) => xy(stop).map((n) => n.toFixed(1)).join(" ");
  const points = [...xy(stops[0])];
  let d = `M${spot(stops[0])}`;
  for (let n = 1; n < stops.length; n++) {
    const [p, q] = [stops[n - 1], stops[n]];
    if (p[1] === q[1]) {
      d += `L${spot(q)}`;
      points.push(...xy(q));
      continue;
    }
    const bend = p[2] === q[2] ? Math.max(Math.abs(q[0] - p[0]) / 2, 8) : Math.min(40, 18 + Math.abs(q[1] - p[1]) / 6);
    const c1 = [p[0] + bend * p[2], p[1]];
    const c2 = [q[0] - bend * q[2], q[1]];
    d += `C${spot(c1)} ${spot(c2)} ${spot(q)}`;
    for (let k = 1; k <= SAMPLES; k++) points.push(...xy(cubic(p, c1, c2, q, k / SAMPLES)));
  }
  const lengths = [0];
  for (let n = 2; n < points.length; n += 2) lengths.push(lengths[lengths.length - 1] + Math.hypot(points[n] - points[n - 2], points[n + 1] - points[n - 1]));
  return { d, points, lengths };
}

function cubic(a, b, c, d, u) {
  const v = 1 - u;
  const [p, q, r, s] = [v * v * v, 3 * v * v * u, 3 * v * u * u, u * u * u];
  return [p * a[0] + q * b[0] + r * c[0] + s * d[0], p * a[1] + q * b[1] + r * c[1] + s * d[1]];
}

/** The words of each binding as they are drawn; `widest`: how far before each rank lines have ended their swing. */
function wordsOf(links, boxes, plan, narrow) {
  const of = new Map();
  const widest = plan.ranks.map(() => 0);
  for (const [id, link] of links) {
    const whole = bindingWords(link);
    if (!whole) continue;
    const box = boxes.get(link.target);
    const room = narrow ? box.w - 31 : Math.max(4 * CHAR_PX, plan.ranks[box.rank].room - SWING_PX + TIP_PX);
    const text = shorten(whole, Math.max(4, Math.floor(room / CHAR_PX)));
    const w = wide(text) * CHAR_PX;
    of.set(id, { text, whole, w });
    if (!narrow) widest[box.rank] = Math.max(widest[box.rank], w + TIP_PX);
  }
  return { of, widest };
}

/** The words stand above the end of their line, or beside it where the flow runs downwards. */
function label({ text, whole, w }, box, end, narrow) {
  if (!narrow) return { text, whole, x: box.x - TIP_PX - w, y: end[1] - LABEL_H, w, h: WORDS_H };
  return { text, whole, x: end[1] + 12, y: box.y + end.row * LABEL_H + 2, w, h: WORDS_H };
}

/** A point of a line at share u of its way, as [x, y]. */
export function along({ points, lengths }, u) {
  const far = u * lengths[lengths.length - 1];
  let low = 0;
  let high = lengths.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (lengths[middle] <= far) low = middle;
    else high = middle;
  }
  const part = lengths[high] > lengths[low] ? (far - lengths[low]) / (lengths[high] - lengths[low]) : 0;
  return [points[2 * low] + (points[2 * high] - points[2 * low]) * part, points[2 * low + 1] + (points[2 * high + 1] - points[2 * low + 1]) * part];
}
