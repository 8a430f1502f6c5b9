// A crowded line becomes a band with its number: right, or absent.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Keys } from "../../static/js/chips.js";
import { flow } from "../../static/js/flow.js";
import { layout } from "../../static/js/layout.js";

const NODES = new Map([["web", { what: "producer", settings: {} }], ["orders", { what: "exchange", settings: {} }]]);
const LINKS = new Map([["publish", { what: "publish", source: "web", target: "orders", routing_key: "" }]]);

/** What flow needs of a picture: a plan, the way of a flight, and where chips are put. */
function picture() {
  const plan = layout(NODES, LINKS, 900);
  const [line] = plan.lines.values();
  const chips = [];
  return { plan, chips, keys: new Keys(), way: (flight) => ({ line, back: flight.source === "orders" }), addFlight: (scene, flight) => chips.push(flight.of[0]) };
}

/** So many messages that all take a second, as evenly spread as they come. */
function scene(many, keys = ["A", "B"], takes = () => 1_000_000) {
  const flights = new Map();
  for (let n = 0; n < many; n++) {
    const sent = Math.round((n * 1e6) / many);
    flights.set(`f${n}`, { what: "publish", source: "web", target: "orders", sent, arrives: sent + takes(n), of: [`web-${n + 1}`], key: keys[n % keys.length] });
  }
  return { flights };
}

const words = (made) => made.bands.filter((band) => band.words).map((band) => band.words);

test("few messages on a line stay single chips, and no number is said", () => {
  const one = picture();
  const made = flow(one, scene(6), 0, "", false);
  assert.equal(one.chips.length, 6);
  assert.deepEqual(made, { bands: [], words: "" });
});

test("many on one line become a band with a stripe for each key and their rate", () => {
  const one = picture();
  const made = flow(one, scene(1_240), 0, "", true);
  assert.deepEqual(words(made), ["1,240 / s"]);
  const stripes = made.bands.filter((band) => ["a", "b"].includes(band.colour));
  assert.equal(stripes.length, 2);
  assert.ok(Math.abs(stripes[0].width - stripes[1].width) < 0.1, "half of them have key A, half key B");
});

test("of many about one in so many is drawn, the same ones in every frame", () => {
  const [one, again] = [picture(), picture()];
  const made = flow(one, scene(2_000), 0, "", true);
  flow(again, scene(2_000), 0.5e6, "", true);
  const every = Number(/every (\d+)/.exec(made.words)[1]);
  assert.ok(Math.abs(one.chips.length - 2_000 / every) <= 0.5 * (2_000 / every) + 2, `${one.chips.length} chips, one for every ${every}`);
  assert.deepEqual(one.chips, again.chips);
});

test("where they do not all take the same time, their number is said and no rate", () => {
  const made = flow(picture(), scene(400, ["A"], (n) => 1_000_000 + n), 0, "", true);
  assert.deepEqual(words(made), ["400 on their way"]);
});

test("the selected message is always drawn", () => {
  const one = picture();
  flow(one, scene(1_000), 0, "web-777", true);
  assert.ok(one.chips.includes("web-777"));
});
