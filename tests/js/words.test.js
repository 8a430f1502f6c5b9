// What a broker and a queue of a cluster say of themselves in a few letters.

import assert from "node:assert/strict";
import { test } from "node:test";

import { brokerWords, placeWords } from "../../static/js/words.js";

const rabbit = (members, more = {}) => ({ what: "broker", status: "up", settings: { kind: "rabbitmq", version: "4.3", ...(members ? { members } : {}), ...more } });
const scene = (members) => ({ nodes: new Map([["rabbit", rabbit(members)]]) });
const MEMBERS = { "rabbit-1": "up", "rabbit-2": "down", "rabbit-3": "up" };

test("a broker of one node says no more than before", () => {
  assert.equal(brokerWords("rabbit", rabbit()), "rabbit · RabbitMQ 4.3");
  assert.equal(brokerWords("rabbit", rabbit(null, { alarms: ["memory", "disk"] })), "rabbit · RabbitMQ 4.3 · memory and disk alarm: publishers are blocked");
  assert.equal(placeWords({ broker: "rabbit", type: "classic" }, scene()), null);
});

test("a cluster names its nodes by their numbers, and what is wrong with them", () => {
  assert.equal(brokerWords("rabbit", rabbit(MEMBERS)), "rabbit · RabbitMQ 4.3 · nodes 1, 2 (down), 3");
});

test("a quorum queue marks who leads, who follows and who is away", () => {
  const members = ["rabbit-3", "rabbit-1", "rabbit-2"];
  assert.deepEqual(placeWords({ broker: "rabbit", members, leader: "rabbit-3" }, scene(MEMBERS)), { short: "○1 ×2 ●3", long: "rabbit-1 follows, rabbit-2 is down, rabbit-3 leads" });
  assert.equal(placeWords({ broker: "rabbit", members, leader: "" }, scene(MEMBERS)).long, "no leader: rabbit-1 follows, rabbit-2 is down, rabbit-3 follows");
});

test("a classic queue says which node it lives on", () => {
  assert.equal(placeWords({ broker: "rabbit", node: "rabbit-1" }, scene(MEMBERS)).short, "on 1");
  assert.deepEqual(placeWords({ broker: "rabbit", node: "rabbit-2", unavailable: true }, scene(MEMBERS)), { short: "on ×2", long: "on rabbit-2, which is down" });
});
