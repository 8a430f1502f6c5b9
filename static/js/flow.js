// Where messages are too close to one another, a chip no longer says which it is. Then a line becomes a band as broad as its
// traffic, with its number beside it, and one chip is drawn for every so many messages.

import { messageOf } from "./words.js";

const EVERY = [2, 5, 10, 20, 50, 100, 200, 500, 1000];
const SPACE_PX = 22; // between the chips that are drawn
const BAND_MIN = 8; // in a full picture, fewer than this on a line stay single chips
const BAND_PX = [3, 14];
const WORDS_PX = [64, 13];
const BACK_PX = 5; // between a band and the one that runs back
const HASH = 2654435761; // spreads numbers that follow one another

/** {bands, words}; the chips that are drawn are added to picture.tokens. `full`: there are too many over all. */
export function flow(picture, scene, t, selected, full) {
  const thick = [];
  for (const group of grouped(picture, scene)) {
    if (group.flights.length > roomFor(group.line) || (full && group.flights.length >= BAND_MIN)) thick.push(group);
    else for (const flight of group.flights) picture.addFlight(scene, flight, t, selected);
  }
  const least = Math.max(1, ...thick.map(({ line, flights }) => (flights.length * SPACE_PX) / lengthOf(line)));
  const every = EVERY.find((one) => one >= least) ?? EVERY[EVERY.length - 1];
  const most = Math.max(1, ...thick.map((group) => group.flights.length));
  const bands = [];
  const said = [];
  for (const group of thick) {
    for (const flight of group.flights) if (drawn(flight, every, selected)) picture.addFlight(scene, flight, t, selected);
    bands.push(...bandsOf(group, picture, most, said));
  }
  bands.push(...said);
  return { bands, words: thick.length ? `Too many to draw each: about one chip for every ${every}.` : "" };
}

/** How many chips a line can carry side by side. */
export function roomFor(line) {
  return Math.max(9, lengthOf(line) / 11);
}

function lengthOf({ lengths }) {
  return lengths[lengths.length - 1];
}

/** Flights by the line and the direction they take. */
export function grouped(picture, scene) {
  const found = new Map();
  for (const flight of scene.flights.values()) {
    const way = picture.way(flight);
    if (!way) continue;
    let both = found.get(way.line);
    if (!both) found.set(way.line, (both = [null, null]));
    (both[way.back ? 1 : 0] ??= { line: way.line, back: way.back, flights: [] }).flights.push(flight);
  }
  return Array.from(found.values()).flat().filter(Boolean);
}

/** Whether this is one of those that stand for the others: always the same ones, and always what is selected. */
function drawn(flight, every, selected) {
  const name = messageOf(flight.of[0] ?? "");
  flight.share ??= ((Number(name.slice(name.lastIndexOf("-") + 1)) * HASH) >>> 0) / 2 ** 32;
  return flight.share * every < 1 || (selected !== "" && name === selected);
}

/** Side by side a stripe for each key, as broad as its part; what runs back is one hollow band beside. */
function bandsOf({ line, back, flights }, picture, most, said) {
  const whole = BAND_PX[0] + ((BAND_PX[1] - BAND_PX[0]) * flights.length) / most;
  const keys = common(flights);
  if (back) return [{ d: beside(line, BAND_PX[1] / 2 + BACK_PX), width: whole / 2, colour: picture.keys.colour(keys[0][0]), hollow: true }];
  const at = spotOf(line, picture.plan.narrow, whole);
  if (said.every((one) => Math.abs(one.at.x - at.x) > WORDS_PX[0] || Math.abs(one.at.y - at.y) > WORDS_PX[1])) said.push({ words: rate(flights), at });
  const made = [{ d: line.d, width: whole + 2, colour: "ink" }];
  let from = -whole / 2;
  for (const [key, count] of keys) {
    const width = (whole * count) / flights.length;
    made.push({ d: beside(line, Math.round(2 * (from + width / 2)) / 2), width: width + 0.5, colour: picture.keys.colour(key) });
    from += width;
  }
  return made;
}

/** The number stands at the end of a band, on the side from which it does not come; left of it where the flow runs downwards. */
function spotOf({ points, label }, narrow, width) {
  const [x, y] = points.slice(-2);
  if (narrow) return { x: x - width / 2 - 6, y: y - 10 };
  const above = points[1] > y - 4 && !label;
  return { x: x - 8, y: above ? y - width / 2 - 6 : y + width / 2 + 24 };
}

/** A line beside a line, as a path. */
function beside(line, off) {
  const known = (line.beside ??= new Map());
  if (known.has(off)) return known.get(off);
  const { points } = line;
  const made = [];
  for (let n = 0; n < points.length; n += 2) {
    const [a, b] = [Math.max(0, n - 2), Math.min(points.length - 2, n + 2)];
    const [dx, dy] = [points[b] - points[a], points[b + 1] - points[a + 1]];
    const long = Math.hypot(dx, dy) || 1;
    made.push(`${(points[n] - (dy / long) * off).toFixed(1)} ${(points[n + 1] + (dx / long) * off).toFixed(1)}`);
  }
  known.set(off, `M${made.join("L")}`);
  return known.get(off);
}

/** What left in the last moment, as a rate. It is right only where all take the same time; else the number that is. */
function rate(flights) {
  const whole = flights[0].arrives - flights[0].sent;
  if (whole > 0 && flights.every((one) => one.arrives - one.sent === whole)) {
    return `${Math.round((flights.length * 1e6) / whole).toLocaleString("en")} / s`;
  }
  return `${flights.length.toLocaleString("en")} on their way`;
}

/** [key, how many], in the order of the keys, so that stripes keep their places. */
function common(flights) {
  const counts = new Map();
  for (const { key } of flights) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Array.from(counts).sort(([a], [b]) => (a < b ? -1 : 1));
}
