// The load behind the time scale: right where it is known, and absent where it is not.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Load, softly } from "../../static/js/load.js";
import { Tree } from "../../static/js/timeline.js";

/** A loaded stretch as the timeline has it. */
function line(from, to, times) {
  const events = times.map((t) => ({ kind: "Published", t, of: ["web-1"] }));
  return { from, to, events, first: (t) => events.findIndex((event) => event.t >= t) < 0 ? events.length : events.findIndex((event) => event.t >= t) };
}

test("a second is counted once all of it is loaded", () => {
  const load = new Load();
  assert.equal(load.take(line([0, 0], [1_500_000, 0], [0, 999_999, 1_000_000, 1_200_000])), true);
  assert.deepEqual(load.runs(), [[[0, 2]]]);
  load.take(line([0, 0], [2_000_000, 0], [0, 999_999, 1_000_000, 1_200_000, 1_900_000]));
  assert.deepEqual(load.runs(), [[[0, 2], [1, 3]]]);
  assert.equal(load.most(), 3);
});

test("a second of which the first action is not loaded is not known", () => {
  const load = new Load();
  load.take(line([1_000_000, 2], [3_000_000, 0], [1_000_000, 2_000_000]));
  assert.deepEqual(load.runs(), [[[2, 1]]]);
});

test("what is known in two places is drawn as two hills", () => {
  const load = new Load();
  load.take(line([0, 0], [1_000_000, 0], [5]));
  load.take(line([4_000_000, 0], [5_000_000, 0], []));
  assert.deepEqual(load.runs(), [[[0, 1]], [[4, 0]]]);
});

test("another future keeps what lies before the parting, and forgets the rest", () => {
  const load = new Load();
  load.take(line([0, 0], [4_000_000, 0], [5, 1_000_001, 2_000_001]));
  const act = (id, parent, t) => ({ id, parent, t, i: 0, command: {} });
  const tree = new Tree([act("a", "0", 2_500_000)]);
  load.look("a", tree);
  assert.deepEqual(load.runs(), [[[0, 1], [1, 1]]]);
  load.look("0", tree);
  assert.deepEqual(load.runs(), [[[0, 1], [1, 1]]]);
});

test("the line is soft and passes through its points", () => {
  assert.equal(softly([[0, 10], [10, 0]]), "C5.0 10.0 5.0 0.0 10.0 0.0");
});
