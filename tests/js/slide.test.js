// Cells follow up when one before them has left, from the events and the time alone.

import assert from "node:assert/strict";
import { test } from "node:test";

import { slide } from "../../static/js/glyphs.js";
import { fold, open } from "../../static/js/model.js";

const MOST = 3;

function scene(unacked, ready) {
  const copies = Object.fromEntries([...unacked.map((copy) => [copy, { queue: "q", key: "A", state: "unacked" }]), ...ready.map((copy) => [copy, { queue: "q", key: "A", state: "ready" }])]);
  const nodes = { q: { what: "queue", settings: {}, ready, unacked: Object.fromEntries(unacked.map((copy) => [copy, "w"])) }, w: { what: "consumer", settings: {} } };
  return open({ at: [0, 0], nodes, links: {}, copies, flights: {}, counts: {}, piles: {}, verdicts: {}, goals: [] });
}

/** How far each of the first five cells is from its place, at its event and a moment later. */
function after(before, event, later = 0) {
  const folded = fold(before, [{ t: 1_000, name: "e", cause: "", last: true, ...event }]);
  const away = slide(folded.traces.gaps.get("q"), 1_000 + later, MOST);
  return [0, 1, 2, 3, 4].map(away);
}

const settled = (...of) => ({ kind: "Settled", of, program: "w", queue: "q", outcome: "acked" });
const delivered = (copy, auto_ack = false) => ({ kind: "Delivered", of: [copy], queue: "q", program: "w", arrives: 2_000, auto_ack });

test("an acked head leaves a gap that all behind it close", () => {
  assert.deepEqual(after(scene(["a", "b"], ["c", "d"]), settled("a")), [24, 24, 24, 24, 24]);
  const half = after(scene(["a", "b"], ["c", "d"]), settled("a"), 125_000);
  assert.ok(half.every((px) => px > 0 && px < 12));
  assert.deepEqual(after(scene(["a", "b"], ["c", "d"]), settled("a"), 250_000), [0, 0, 0, 0, 0]);
});

test("what is before the gap stays", () => {
  assert.deepEqual(after(scene(["a", "b"], ["c"]), settled("b")), [0, 24, 24, 24, 24]);
});

test("a delivery moves nothing while the copy stays where it was", () => {
  assert.deepEqual(after(scene(["a"], ["b", "c"]), delivered("b")), [0, 0, 0, 0, 0]);
});

test("where no more unacked ones are shown, those that are ready close up, and where another unacked one follows only these", () => {
  assert.deepEqual(after(scene(["a", "b", "c"], ["d", "e"]), delivered("d")), [0, 0, 0, 24, 24]);
  assert.deepEqual(after(scene(["a", "b", "c", "d"], ["e"]), settled("b")), [0, 24, 24, 0, 0]);
  assert.deepEqual(after(scene(["a", "b", "c", "d"], ["e"]), settled("d")), [0, 0, 0, 0, 0]);
});

test("without acks, and where it is dropped from the middle, the ready ones close up", () => {
  assert.deepEqual(after(scene([], ["a", "b"]), delivered("a", true)), [24, 24, 24, 24, 24]);
  assert.deepEqual(after(scene(["a"], ["b", "c"]), { kind: "Dropped", of: ["c"], queue: "q", reason: "maxlen", key: "A" }), [0, 0, 24, 24, 24]);
});
