// Beyond some hundred tokens a chip no longer says which message it is. Then each line that carries many becomes a band
// as broad as its traffic, with its number beside it, and one chip is drawn for every so many messages.

import { messageOf } from "./words.js";

const CHIPS_MAX = 90;
const EVERY = [2, 5, 10, 20, 50, 100, 200, 500, 1000];
const BAND_MIN = 8; // fewer on their way than this stay single chips
const BAND_PX = [3, 16];
const WORDS_PX = 16;

/** {bands, words}; the chips that are drawn are added to picture.tokens. */
export function flow(picture, scene, t) {
  const groups = grouped(picture, scene);
  const every = EVERY.find((one) => scene.flights.size / one <= CHIPS_MAX) ?? EVERY[EVERY.length - 1];
  const most = Math.max(...groups.map((group) => group.flights.length));
  const bands = [];
  const said = [];
  for (const group of groups) {
    if (group.flights.length < BAND_MIN) {
      for (const flight of group.flights) picture.addFlight(scene, flight, t, "");
      continue;
    }
    for (const flight of group.flights) if ((flight.number ??= numberOf(flight)) % every === 0) picture.addFlight(scene, flight, t, "");
    const { points } = group.line;
    const middle = 2 * Math.floor(points.length / 4);
    const at = [points[middle], points[middle + 1] - 12 + (group.back ? 34 : 0)];
    const free = said.every(([x, y]) => Math.abs(x - at[0]) > 70 || Math.abs(y - at[1]) > WORDS_PX);
    const words = free ? rate(group.flights) : "";
    if (words) said.push(at);
    const width = BAND_PX[0] + ((BAND_PX[1] - BAND_PX[0]) * group.flights.length) / most;
    bands.push({ line: group.line, width, colour: picture.keys.colour(common(group.flights)), words, at });
  }
  return { bands, words: `Too many to draw: one chip for every ${every} messages.` };
}

/** Flights by the line and the direction they take. */
function grouped(picture, scene) {
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

/** What left in the last moment, as a rate. It is right only where all take the same time; else the number that is. */
function rate(flights) {
  const whole = flights[0].arrives - flights[0].sent;
  if (whole > 0 && flights.every((one) => one.arrives - one.sent === whole)) {
    return `${Math.round((flights.length * 1e6) / whole).toLocaleString("en")} / s`;
  }
  return `${flights.length.toLocaleString("en")} on their way`;
}

/** The key that most of them have. */
function common(flights) {
  const counts = new Map();
  for (const { key } of flights) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Array.from(counts).reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

/** The message's own number, so that the same chip is drawn in every frame. */
function numberOf(flight) {
  const name = messageOf(flight.of[0] ?? "");
  return Number(name.slice(name.lastIndexOf("-") + 1)) || 0;
}
