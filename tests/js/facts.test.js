// Which value of a queue is in force, and whether an argument or the policy has it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { factsOf } from "../../static/js/facts.js";
import { fold, open } from "../../static/js/model.js";

const POLICIES = { limits: { pattern: "^q", priority: 2, definition: { "max-length": 3, "message-ttl": 900, overflow: "reject-publish", "dead-letter-exchange": "grave" } } };

function inForce(args, policies = POLICIES) {
  const queue = { broker: "rabbit", type: "classic", arguments: args, ...(policies ? { policy: "limits" } : {}) };
  const nodes = { rabbit: { what: "broker", settings: { policies } }, q: { what: "queue", settings: queue } };
  const scene = open({ at: [0, 0], nodes, links: {}, copies: {}, flights: {}, counts: {}, piles: {}, verdicts: {}, goals: [] });
  const row = factsOf("q", scene).find(([term]) => term === "In force");
  return row && row[1][0].table.rows.map((cells) => cells.map((items) => items.map((item) => item.code ?? item).join("")));
}

test("a limit is the smaller of argument and policy", () => {
  assert.deepEqual(inForce({ "x-max-length": 9, "x-message-ttl": 100 }).slice(0, 2), [
    ["message-ttl", "100", "argument x-message-ttl, the policy has 900"], ["max-length", "3", "policy limits, the argument has 9"],
  ]);
});

test("of all else the argument is in force", () => {
  assert.deepEqual(inForce({ "x-overflow": "drop-head" }).slice(2), [
    ["overflow", "drop-head", "argument x-overflow, the policy has reject-publish"], ["dead-letter-exchange", "grave", "policy limits"],
  ]);
});

test("without a setting there is no table", () => {
  assert.equal(inForce({}, null), undefined);
});

test("of a producer with confirms it says how many publishes have no answer yet, also after a crash", () => {
  const nodes = { shop: { what: "producer", settings: { confirms: true } }, in: { what: "exchange", settings: { type: "fanout" } } };
  const scene = open({ at: [0, 0], nodes, links: {}, copies: {}, flights: {}, counts: {}, piles: {}, verdicts: {}, goals: [] });
  const said = () => factsOf("shop", scene).find(([term]) => term === "Confirms")[1][0];
  const publish = (n) => ({ kind: "Published", t: n, name: `shop-${n}#1`, cause: "", of: [`shop-${n}`], program: "shop", exchange: "in", routing_key: "", key: "A", arrives: 9, seq: n, last: true });
  fold(scene, [publish(1), publish(2), publish(3), { kind: "ConfirmReceived", t: 4, name: "c", cause: "b", of: ["shop-1"], program: "shop", last: true }]);
  assert.equal(said(), "on, 2 outstanding");
  fold(scene, [{ ...publish(5), again: true }]);
  assert.equal(said(), "on, 2 outstanding");
  fold(scene, [{ kind: "Crashed", t: 6, name: "d", cause: "", of: [], node: "shop", last: true }]);
  assert.equal(said(), "on, 0 outstanding");
});
