// Topology -> positions. Pure and deterministic: producers | exchanges | queues | consumers, what dead letters and
// alternate routes reach lies below. Every box has its label inside and a strip for the words on the lines that
// end in it, so nothing can overlap. On a narrow screen the flow runs downwards.

export const NARROW_PX = 640;
const PAD = 16;
const ROW_GAP = 22;
const BAND_GAP = 34;
const LABEL_H = 15;
const CHAR_PX = 6.7;
const COLUMNS = ["program", "exchange", "queue", "consumer"];

/** Which column a node of this kind stands in; null for one that is not drawn (a broker is the paper). */
export function columnOf(what) {
  if (what === "exchange" || what === "queue" || what === "consumer") return what;
  if (what === "producer" || what === "you") return "program";
  return what === "client" ? "consumer" : null;
}

/** Shortened in the middle to at most `most` characters. */
export function shorten(text, most) {
  const letters = Array.from(text);
  if (letters.length <= most) return text;
  const half = Math.ceil((most - 1) / 2);
  return `${letters.slice(0, half).join("")}…${letters.slice(letters.length - (most - 1 - half)).join("")}`;
}

/** {boxes: node -> {x, y, w, h, column}, lines: link -> {ends, label?}, width, height, narrow, cells}. */
export function layout(nodes, links, width) {
  const narrow = width <= NARROW_PX;
  const sizes = narrow
    ? { program: [104, 50], exchange: [84, 64], queue: [156, 58], consumer: [150, 60] }
    : width < 860
      ? { program: [96, 50], exchange: [80, 64], queue: [160, 58], consumer: [148, 60] }
      : { program: [110, 50], exchange: [84, 64], queue: [232, 58], consumer: [176, 60] };
  const boxes = new Map();
  for (const [name, node] of nodes) {
    const column = columnOf(node.what);
    if (column) boxes.set(name, { name, column, w: sizes[column][0], h: sizes[column][1], x: 0, y: 0, labels: 0 });
  }
  const drawn = Array.from(links).filter(([, link]) => boxes.has(link.source) && boxes.has(link.target));
  for (const [, link] of drawn) if (labelled(link)) boxes.get(link.target).labels++;
  const bands = split(boxes, drawn);
  const size = narrow ? downwards(bands, drawn, width) : across(bands, drawn, width, sizes);
  const lines = wire(drawn, boxes, narrow, size.room);
  return { boxes, lines, width: size.width, height: size.height, narrow, cells: Math.floor((sizes.queue[0] - 8) / 24) };
}

function labelled(link) {
  return link.what === "binding";
}

/** The main flow, and below it what only dead letters or alternate routes reach. */
function split(boxes, links) {
  const below = new Set();
  const fed = new Set(links.filter(([, l]) => l.what === "publish").map(([, l]) => l.target));
  for (const [, link] of links) {
    if ((link.what === "dead_letter" || link.what === "alternate") && !fed.has(link.target)) below.add(link.target);
  }
  for (let again = true; again; ) {
    again = false;
    for (const box of boxes.values()) {
      if (below.has(box.name) || box.column === "program" || fed.has(box.name)) continue;
      const ways = links.filter(([, l]) => l.target === box.name && l.what !== "dead_letter" && l.what !== "alternate");
      if (ways.length > 0 && ways.every(([, l]) => below.has(l.source))) {
        below.add(box.name);
        again = true;
      }
    }
  }
  const parts = [[], []];
  for (const box of boxes.values()) parts[below.has(box.name) ? 1 : 0].push(box);
  return parts.filter((part) => part.length > 0);
}

/** Columns of one band, each sorted by where its links come from; ties stay as they came. */
function sorted(band, links) {
  const place = new Map();
  return COLUMNS.map((column) => {
    const mine = band.filter((box) => box.column === column);
    const wish = new Map(
      mine.map((box, n) => {
        const from = links.filter(([, l]) => l.target === box.name && place.has(l.source)).map(([, l]) => place.get(l.source));
        return [box, from.length ? from.reduce((a, b) => a + b, 0) / from.length : n / Math.max(1, mine.length)];
      }),
    );
    const order = mine.map((box, n) => [box, n]).sort((a, b) => wish.get(a[0]) - wish.get(b[0]) || a[1] - b[1]);
    order.forEach(([box], n) => place.set(box.name, (n + 0.5) / order.length));
    return order.map(([box]) => box);
  });
}

function across(bands, links, width, sizes) {
  const used = COLUMNS.filter((column) => bands.some((band) => band.some((box) => box.column === column)));
  const boxesW = used.reduce((sum, column) => sum + sizes[column][0], 0);
  const weights = used.slice(1).map((column) => (column === "queue" ? 2 : 1));
  const total = weights.reduce((a, b) => a + b, 0) || 1;
  const spare = Math.min(560, Math.max(total * 42, width - 2 * PAD - boxesW));
  const whole = Math.max(width, boxesW + spare + 2 * PAD);
  const left = {};
  const room = {};
  let x = (whole - boxesW - (used.length > 1 ? spare : 0)) / 2;
  used.forEach((column, n) => {
    left[column] = x;
    room[column] = n ? (spare * weights[n - 1]) / total : 0;
    x += sizes[column][0] + (n < weights.length ? (spare * weights[n]) / total : 0);
  });
  let y = PAD;
  for (const band of bands) {
    const columns = sorted(band, links);
    const tall = (box) => Math.max(box.h, box.labels * (LABEL_H + 3) + 4);
    const heights = columns.map((boxes) => boxes.reduce((sum, box) => sum + tall(box) + ROW_GAP, -ROW_GAP));
    const most = Math.max(0, ...heights);
    columns.forEach((boxes, n) => {
      let top = y + (most - heights[n]) / 2;
      for (const box of boxes) {
        box.x = left[box.column];
        box.y = top + (tall(box) - box.h) / 2;
        box.tall = tall(box);
        top += box.tall + ROW_GAP;
      }
    });
    y += most + BAND_GAP;
  }
  return { width: whole, height: y - BAND_GAP + PAD, room };
}

function downwards(bands, links, width) {
  let y = PAD;
  for (const band of bands) {
    for (const boxes of sorted(band, links)) {
      if (!boxes.length) continue;
      const per = Math.max(1, Math.floor((width - 2 * PAD + 12) / (boxes[0].w + 12)));
      for (let n = 0; n < boxes.length; n += per) {
        const row = boxes.slice(n, n + per);
        const labels = Math.max(...row.map((box) => box.labels)) * LABEL_H;
        const gap = (width - 2 * PAD - row.reduce((sum, box) => sum + box.w, 0)) / (row.length + 1);
        let x = PAD + gap;
        for (const box of row) {
          box.x = x;
          box.y = y + labels;
          x += box.w + gap;
        }
        y += labels + row[0].h + 30;
      }
    }
    y += 8;
  }
  return { width, height: y - 22 + PAD / 2, room: {} };
}

/** Curves between boxes as four points; the words of a binding lie in the strip before its target. */
function wire(links, boxes, narrow, room) {
  const lines = new Map();
  const come = new Map();
  const total = new Map();
  const pairs = new Map();
  for (const [, link] of links) total.set(link.target, (total.get(link.target) ?? 0) + (labelled(link) ? 1 : 0));
  for (const [id, link] of links) {
    const a = boxes.get(link.source);
    const b = boxes.get(link.target);
    const n = come.get(link.target) ?? 0;
    const count = total.get(link.target);
    if (labelled(link)) come.set(link.target, n + 1);
    const spread = labelled(link) ? (n - (count - 1) / 2) * (LABEL_H + 3) : 0;
    const ends = narrow ? curveDown(a, b) : curveAcross(a, b, spread, link.what);
    const line = { ends, what: link.what, source: link.source, target: link.target };
    if (labelled(link) && link.routing_key !== "") {
      const most = narrow ? Math.floor(b.w / CHAR_PX) : Math.max(4, Math.floor(((room[b.column] || 60) * 0.74 - 14) / CHAR_PX));
      const text = shorten(link.routing_key, most);
      const w = Array.from(text).length * CHAR_PX;
      line.label = narrow
        ? { text, whole: link.routing_key, x: b.x + b.w / 2 - w / 2, y: b.y - (count - n) * LABEL_H - 2, w, h: LABEL_H - 1 }
        : { text, whole: link.routing_key, x: b.x - 12 - w, y: ends[3][1] - LABEL_H - 1, w, h: LABEL_H - 1 };
    }
    lines.set(id, line);
    pairs.set(`${link.source}\u0000${link.target}`, line);
  }
  return lines;
}

function curveAcross(a, b, spread, what) {
  const mid = (box) => box.y + box.h / 2 + (box.column === "queue" ? 10 : 0);
  if (what === "dead_letter" || what === "alternate" || b.x <= a.x) {
    const from = [a.x + a.w * 0.3, a.y + a.h];
    const to = [b.x + b.w / 2, b.y < a.y ? b.y + b.h : b.y];
    const bend = Math.max(40, Math.abs(to[1] - from[1]) / 2);
    return [from, [from[0], from[1] + bend], [to[0], to[1] + (b.y < a.y ? bend : -bend)], to];
  }
  const from = [a.x + a.w, mid(a)];
  const to = [b.column === "consumer" ? b.x - 2 : b.x - 3, b.column === "consumer" ? b.y + b.h / 2 : mid(b) + spread * (b.column === "queue" ? 1 : 0.6)];
  const bend = (to[0] - from[0]) * 0.5;
  return [from, [from[0] + bend, from[1]], [to[0] - bend, to[1]], to];
}

function curveDown(a, b) {
  const down = b.y > a.y;
  const from = [a.x + a.w / 2, down ? a.y + a.h : a.y];
  const to = [b.x + (b.column === "consumer" ? 25 : b.w / 2), down ? b.y - 2 : b.y + b.h + 2];
  const bend = Math.max(18, Math.abs(to[1] - from[1]) / 2) * (down ? 1 : -1);
  return [from, [from[0], from[1] + bend], [to[0], to[1] - bend], to];
}

/** A point of a curve at share u of its way. */
export function along([a, b, c, d], u) {
  const v = 1 - u;
  const p = v * v * v;
  const q = 3 * v * v * u;
  const r = 3 * v * u * u;
  const s = u * u * u;
  return [p * a[0] + q * b[0] + r * c[0] + s * d[0], p * a[1] + q * b[1] + r * c[1] + s * d[1]];
}
