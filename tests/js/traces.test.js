// What fell a moment ago, and since when a program is down: from the events alone, so that going back shows the same.

import assert from "node:assert/strict";
import { test } from "node:test";

import { clone, fold, open } from "../../static/js/model.js";

const SCENE = {
  at: [0, 0],
  nodes: {
    rabbit: { what: "broker", settings: {} },
    web: { what: "producer", settings: { broker: "rabbit" } },
    worker: { what: "consumer", settings: { broker: "rabbit", reconnect_ms: 1000 } },
    orders: { what: "exchange", settings: { broker: "rabbit" } },
    billing: { what: "queue", settings: { broker: "rabbit" } },
  },
};

const PUBLISHED = { kind: "Published", name: "web-1#1", t: 10, of: ["web-1"], program: "web", exchange: "orders", routing_key: "", key: "A", arrives: 20, last: true };

test("what no queue wants falls where it was, on the pile", () => {
  const scene = fold(open(SCENE), [PUBLISHED, { kind: "Unroutable", name: "web-1#2", cause: "web-1#1", t: 20, of: ["web-1"], exchange: "orders", key: "A", reason: "no_route", last: true }]);
  assert.deepEqual(scene.traces.falls, [{ node: "orders", key: "A", t: 20, piled: true, flight: null }]);
  assert.deepEqual(scene.piles.get("orders"), ["A"]);
});

test("what is lost on its way falls from where it was", () => {
  const scene = fold(open(SCENE), [PUBLISHED, { kind: "Lost", name: "web#1", t: 15, of: ["web-1"], what: "publish", node: "web", key: "A", flights: ["web-1#1"], last: true }]);
  const [fall] = scene.traces.falls;
  assert.equal(fall.piled, false, "the publisher will try again");
  assert.equal(fall.flight.sent, 10);
  assert.equal(fall.t, 15);
});

test("a crash and a lost connection are remembered until they are over, each with its moment", () => {
  const scene = fold(open(SCENE), [
    { kind: "Crashed", name: "worker#1", t: 5, node: "worker", arrives: -1, last: true },
    { kind: "Closed", name: "web#1", t: 7, program: "web", what: "connection", at: "web", last: true },
  ]);
  assert.equal(scene.traces.down.get("worker"), 5);
  assert.equal(scene.traces.away.get("web"), 7);
  fold(scene, [{ kind: "Restarted", name: "worker#2", t: 8, node: "worker", last: true }, { kind: "Connected", name: "web#2", t: 9, program: "web", last: true }]);
  assert.equal(scene.traces.down.size + scene.traces.away.size, 0);
});

test("a copy of a scene keeps its own falls", () => {
  const scene = open(SCENE);
  const before = clone(scene);
  fold(scene, [PUBLISHED, { kind: "Unroutable", name: "web-1#2", cause: "web-1#1", t: 20, of: ["web-1"], exchange: "orders", key: "A", reason: "no_route", last: true }]);
  assert.equal(before.traces.falls.length, 0);
});
