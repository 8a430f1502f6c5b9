// x-death, told from a message's events as the broker writes it down.

import assert from "node:assert/strict";
import { test } from "node:test";

import { histories } from "../../static/js/deaths.js";

const SECOND = 1_000_000;
const published = (headers) => ({ kind: "Published", t: 0, of: ["m"], exchange: "pay", routing_key: "payment", headers });
const routed = (copy, origin) => ({ kind: "Routed", of: [copy], exchange: "pay", to: ["q"], arrives: [0], origin });
const died = (copy, queue, reason, t, routing_key, count) => ({ kind: "DeadLettered", t: t * SECOND, of: [copy], queue, reason, exchange: "pay", routing_key, count });

test("the newest death is first, and the first time stays", () => {
  const [found, ...others] = histories([
    published(), routed("m@1"), died("m@1", "work", "rejected", 2.4, "later"), routed("m@2", "m@1"), died("m@2", "wait", "expired", 4.9, "payment"),
    routed("m@3", "m@2"), died("m@3", "work", "rejected", 5.5, "later", 2),
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual(found, [
    { queue: "work", reason: "rejected", count: 2, exchange: "pay", keys: ["payment"], time: 2 },
    { queue: "wait", reason: "expired", count: 1, exchange: "pay", keys: ["later"], time: 4 },
  ]);
});

test("each copy has a history of its own", () => {
  const both = { kind: "Routed", of: ["m@1", "m@2"], exchange: "pay", to: ["p", "q"], arrives: [0, 0] };
  const found = histories([published(), both, died("m@1", "p", "maxlen", 1, "payment"), died("m@2", "q", "expired", 3, "payment")]);
  assert.deepEqual(found.map((deaths) => deaths.map(({ queue }) => queue)), [["p"], ["q"]]);
});

test("carbon copies are keys too, until a queue's own key takes their place", () => {
  const [found] = histories([
    published({ CC: ["copy"] }), routed("m@1"), died("m@1", "a", "expired", 1, "payment"), routed("m@2", "m@1"), died("m@2", "b", "expired", 2, "own"),
    routed("m@3", "m@2"), died("m@3", "c", "expired", 3, "own"),
  ]);
  assert.deepEqual(found.map(({ queue, keys }) => [queue, keys]), [["c", ["own"]], ["b", ["payment", "copy"]], ["a", ["payment", "copy"]]]);
});

test("nothing died, nothing is told", () => {
  assert.deepEqual(histories([published(), routed("m@1")]), []);
});

test("3.10 turns the older deaths round with each further one", () => {
  const events = [
    published(), routed("m@1"), died("m@1", "a", "rejected", 1, "b"), routed("m@2", "m@1"), died("m@2", "b", "expired", 2, "c"),
    routed("m@3", "m@2"), died("m@3", "c", "expired", 3, "d"),
  ];
  const queues = (turns) => histories(events, undefined, turns)[0].map((death) => death.queue);
  assert.deepEqual(queues(() => true), ["c", "a", "b"]);
  assert.deepEqual(queues(), ["c", "b", "a"]);
});
