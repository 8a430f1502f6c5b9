// Which lines a message has taken.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Trail, waysOf } from "../../static/js/trail.js";

const PUBLISHED = { kind: "Published", program: "shop", exchange: "in" };

/** What stands for a line in the figure. */
function line(what, source, target, key = "") {
  const classes = new Set();
  return { line: { what, source, target }, key, marks: [{ classList: { toggle: (name, on) => (on ? classes.add(name) : classes.delete(name)) } }], classes };
}

test("from the program through the exchange and the queue to the consumer, and on as a dead letter", () => {
  const ways = waysOf([[PUBLISHED, { kind: "Routed", exchange: "in", to: ["q", "p"], by: ["a.*", "#"] }], [{ kind: "Enqueued", queue: "q" }],
    [{ kind: "Delivered", queue: "q", program: "worker" }], [{ kind: "DeadLettered", queue: "q", exchange: "grave" }]]);
  assert.deepEqual(Array.from(ways), ["shop\nin", "in\nq\na.*", "in\np\n#", "q\nworker", "q\ngrave"]);
});

test("of two bindings to one queue the one is marked that matched", () => {
  const drawn = [line("publish", "shop", "in"), line("binding", "in", "q", "a.*"), line("binding", "in", "q", "*.b"), line("binding", "in", "p", "a.*")];
  new Trail().draw({ drawn }, { actions: [[PUBLISHED, { kind: "Routed", exchange: "in", to: ["q"], by: ["a.*"] }]] });
  assert.deepEqual(drawn.map((one) => one.classes.has("taken")), [true, true, false, false]);
});

test("with nothing selected no line is marked any more, and a picture that is laid out anew is marked anew", () => {
  const trail = new Trail();
  const gathered = { actions: [[PUBLISHED]] };
  const [before, after] = [[line("publish", "shop", "in")], [line("publish", "shop", "in")]];
  trail.draw({ drawn: before }, gathered);
  trail.draw({ drawn: after }, gathered);
  assert.ok(after[0].classes.has("taken"));
  trail.draw({ drawn: after }, null);
  assert.ok(!after[0].classes.has("taken"));
});

test("where a message came through another exchange, the line that shows it is marked", () => {
  const drawn = [line("implied", "in", "q")];
  new Trail().draw({ drawn }, { actions: [[{ kind: "Routed", exchange: "in", to: ["q"], by: ["#"] }]] });
  assert.ok(drawn[0].classes.has("taken"));
});
