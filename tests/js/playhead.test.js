// The playhead: it plays what is loaded and no more, steps by actions, steps back to the same picture, holds for an act.

import assert from "node:assert/strict";
import { test } from "node:test";

import { open } from "../../static/js/model.js";
import { plain } from "./plain.js";
import { Playhead } from "../../static/js/playhead.js";
import { Timeline, Tree } from "../../static/js/timeline.js";

const EMPTY = {
  at: [0, 0], nodes: { web: { what: "producer", settings: {} }, in: { what: "exchange", settings: {} }, q: { what: "queue", settings: {} } },
  links: {}, copies: {}, flights: {}, counts: {}, piles: {}, verdicts: {}, goals: [],
};

/** One message every `gap` µs: published, routed, enqueued in one instant each; two actions a message. */
function stream(count, gap = 100_000, from = 1) {
  const events = [];
  for (let n = from; n < from + count; n++) {
    const t = n * gap;
    const [of, copy] = [[`web-${n}`], [`web-${n}@q`]];
    events.push({ kind: "Published", last: true, t, name: `web-${n}#1`, cause: "", rule: "", of, program: "web", exchange: "in", routing_key: "", key: "A", arrives: t });
    events.push({ kind: "Routed", t, name: `web-${n}#2`, cause: `web-${n}#1`, rule: "", of: copy, exchange: "in", key: "A", to: ["q"], arrives: [t] });
    events.push({ kind: "Enqueued", last: true, t, name: `web-${n}@q#1`, cause: `web-${n}#2`, rule: "", of: copy, queue: "q" });
  }
  return events;
}

function loaded(count, to) {
  const line = Timeline.from("0", structuredClone(EMPTY));
  line.append([0, 0], to ?? [(count + 1) * 100_000, 0], stream(count));
  const playhead = new Playhead();
  playhead.show(line);
  return playhead;
}

test("it plays at the clock's pace times the speed, and stops at the end of what is loaded", () => {
  const head = loaded(20, [2_100_000, 0]);
  head.playing = true;
  head.tick(0);
  head.tick(200);
  assert.equal(head.t, 200_000);
  head.speed = 4;
  head.tick(300);
  assert.equal(head.t, 600_000);
  for (let now = 500; now < 3_000; now += 100) head.tick(now);
  assert.equal(head.t, 2_100_000);
  assert.ok(head.playing && head.waiting);
});

test("a step is one action, and a step back is the same picture again", () => {
  const head = loaded(5);
  const seen = [JSON.stringify(plain(head.timeline.scene))];
  while (head.step()) seen.push(JSON.stringify(plain(head.timeline.scene)));
  assert.equal(seen.length, 11);
  assert.deepEqual(head.at, [500_000, 2]);
  for (let n = seen.length - 2; n >= 0; n--) {
    assert.ok(head.back());
    assert.equal(JSON.stringify(plain(head.timeline.scene)), seen[n]);
  }
  assert.equal(head.back(), false);
});

test("scrubbing to and fro over thousands of events gives the picture that playing gives", () => {
  const count = 5_000;
  const head = loaded(count);
  const straight = loaded(count);
  for (const t of [499_950_000, 3_000_000, 250_000_000, 249_900_001, 0, 400_000_000]) {
    assert.ok(head.seek(t));
    straight.timeline.turn(0);
    straight.seek(t);
    assert.deepEqual(plain(head.timeline.scene), plain(straight.timeline.scene));
    assert.equal(head.timeline.scene.nodes.get("q").ready.size, Math.floor(t / 100_000));
  }
});

test("while an act is on its way time stands, and after the cut it stands just behind the act", () => {
  const head = loaded(20, [3_000_000, 0]);
  head.playing = true;
  head.seek(1_050_000);
  head.held = true;
  head.tick(0);
  head.tick(200);
  assert.equal(head.t, 1_050_000);
  const act = { kind: "Crashed", last: true, t: 1_050_000, name: "web#1", cause: "do:x", rule: "", node: "web" };
  head.cut({ future: "x", at: [1_050_000, 0], to: [1_550_000, 0], events: [act, ...stream(5, 100_000, 11)] });
  assert.equal(head.held, false);
  assert.deepEqual(head.at, [1_050_000, 1]);
  assert.equal(head.timeline.scene.nodes.get("web").status, "down");
  assert.equal(head.timeline.events.length, 30 + 1 + 15);
  assert.deepEqual(head.timeline.to, [1_550_000, 0]);
  head.tick(400);
  head.tick(500);
  assert.ok(head.t > 1_050_000, "it was playing and goes on");
});

test("it asks for more before the end comes, once, and again when no answer comes", () => {
  const head = loaded(10, [1_000_000, 0]);
  const wanted = head.wants(0);
  assert.deepEqual(wanted, { after: [1_000_000, 0], until: 5_000_000 });
  assert.equal(head.wants(100), null);
  assert.deepEqual(head.wants(5_000), wanted);
  head.timeline.append([1_000_000, 0], [5_000_000, 0], []);
  assert.equal(head.wants(5_100), null);
});

test("a minute behind the playhead is kept, and what lies before it is dropped", () => {
  const head = loaded(5_000);
  head.playing = true;
  head.seek(400_000_000);
  head.settle();
  const { from, events, keyframes } = head.timeline;
  assert.ok(from[0] > 200_000_000 && from[0] <= 340_000_000, String(from));
  assert.equal(keyframes[0].index, 0);
  assert.ok(events[0].t >= from[0]);
  assert.equal(head.seek(1_000_000), false);
  const before = JSON.stringify(plain(head.timeline.scene));
  head.back();
  head.step();
  assert.equal(JSON.stringify(plain(head.timeline.scene)), before);
});

test("a stretch that begins before the end of what is loaded adds only what is new", () => {
  const line = Timeline.from("0", structuredClone(EMPTY));
  line.append([0, 0], [200_000, 1], stream(2).slice(0, 4));
  assert.ok(line.append([0, 0], [1_000_000, 0], stream(9)));
  assert.equal(line.events.length, 27);
  assert.equal(line.append([5_000_000, 0], [6_000_000, 0], []), false);
});

test("an act extends the future that is in force at the playhead", () => {
  const act = (id, parent, t) => ({ id, parent, t, i: 0, command: { do: "purge", queue: "q" }, kept: true });
  const tree = new Tree([act("a", "0", 1_000), act("b", "a", 2_000), act("c", "a", 1_500)]);
  assert.equal(tree.owner("b", [500, 0]), "0");
  assert.equal(tree.owner("b", [1_000, 0]), "0");
  assert.equal(tree.owner("b", [1_000, 1]), "a");
  assert.equal(tree.owner("b", [2_000, 1]), "b");
  assert.deepEqual(tree.others("b").map((one) => one.id), ["c"]);
  assert.deepEqual([...tree.drop("a")].sort(), ["a", "b", "c"]);
});

test("a scene opened from JSON is written as it was", () => {
  assert.deepEqual(plain(open(structuredClone(EMPTY))).counts, {});
});
