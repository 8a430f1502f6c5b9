// The life of a message as it is loaded: gathered once, taken further, begun anew where the past was; and what came before,
// over a join of its own.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Life } from "../../static/js/life.js";
import { Past } from "../../static/js/past.js";
import { story } from "../../static/js/story.js";
import { textOf } from "../../static/js/sentence.js";
import { Timeline } from "../../static/js/timeline.js";

const SECOND = 1_000_000;
const scene = (t) => ({
  at: [t, 0], nodes: { web: { what: "producer", settings: {} }, in: { what: "exchange", settings: {} }, q: { what: "queue", settings: {} } },
  links: {}, copies: {}, flights: {}, counts: {}, piles: {}, verdicts: {}, goals: [],
});

/** Message n is published, routed and enqueued at n seconds. */
function stream(from, to) {
  const events = [];
  for (let n = from; n < to; n++) {
    const t = n * SECOND;
    events.push({ kind: "Published", last: true, t, name: `web-${n}#1`, cause: "", rule: "", of: [`web-${n}`], program: "web", exchange: "in", routing_key: "k", key: "A", arrives: t });
    events.push({ kind: "Routed", t, name: `web-${n}#2`, cause: `web-${n}#1`, rule: "r", of: [`web-${n}@q`], exchange: "in", key: "A", to: ["q"], arrives: [t] });
    events.push({ kind: "Enqueued", last: true, t, name: `web-${n}@q#1`, cause: `web-${n}#2`, rule: "", of: [`web-${n}@q`], queue: "q" });
  }
  return events;
}

function line(from, to) {
  const made = Timeline.from("0", scene(from * SECOND));
  made.append([from * SECOND, 0], [to * SECOND, 0], stream(from, to));
  return made;
}

const told = (life, at) => story(life.gathered, at.scene).map((one) => textOf(one.sentence));

test("it tells what lies before the playhead, and goes on from there", () => {
  const life = new Life("web-2");
  const at = line(0, 5);
  const past = new Past();
  at.turn(6);
  life.follow(at, past);
  assert.deepEqual(told(life, at), []);
  at.turn(7);
  life.follow(at, past);
  const gathered = life.gathered;
  at.turn(15);
  life.follow(at, past);
  assert.equal(life.gathered, gathered, "nothing is gathered twice");
  assert.deepEqual(told(life, at), ["web published it to exchange in with the routing key k.", "Exchange in matched it and sent one copy to q.", "It reached q and was ready."]);
  assert.ok(life.whole);
});

test("going back takes back what has not happened yet", () => {
  const life = new Life("web-2");
  const at = line(0, 5);
  at.turn(15);
  life.follow(at, new Past());
  at.turn(7);
  life.follow(at, new Past());
  assert.equal(told(life, at).length, 1);
});

test("a life whose publish lies before what is loaded is not whole, unless nothing lies before", () => {
  const at = line(3, 6);
  at.turn(at.events.length);
  const life = new Life("web-2");
  life.follow(at, new Past());
  assert.ok(!life.whole);
  assert.deepEqual(life.since, [3 * SECOND, 0]);
  const born = new Life("web-4");
  born.follow(at, new Past());
  assert.ok(born.whole);
});

/** A link whose server answers a join with a scene and each pull with the events asked for. */
function server() {
  const link = { asked: [], left: 0, unwatch: () => link.left++ };
  link.watch = (recording, handlers, look) => {
    const { at, future } = look();
    const watch = {
      more: (_, after, until) => {
        link.asked.push([after[0] / SECOND, Math.ceil(until / SECOND)]);
        const [from, to] = [after[0] / SECOND, Math.ceil(until / SECOND)];
        queueMicrotask(() => handlers.stretch({ future, from: after, to: [to * SECOND, 0], events: stream(from, to) }));
        return true;
      },
    };
    queueMicrotask(() => handlers.scene({ future, at, scene: scene(at[0]) }));
    return watch;
  };
  return link;
}

test("what came before is asked for over a join of its own, up to where the page begins", async () => {
  const at = line(50, 52);
  at.turn(at.events.length);
  const past = new Past();
  const link = server();
  await new Promise((done) => past.load(link, "r", at, done, 30 * SECOND));
  assert.deepEqual(link.asked, [[20, 40], [40, 51]], "in steps");
  assert.equal(link.left, 1);
  assert.ok(past.joins(at));
  assert.deepEqual(past.from, [20 * SECOND, 0]);
  assert.equal(past.events[past.events.length - 1].name, "web-49@q#1", "and nothing twice");
  const life = new Life("web-30");
  life.follow(at, past);
  assert.ok(life.whole);
  assert.equal(told(life, at).length, 3);

  await new Promise((done) => past.load(link, "r", at, done, 60 * SECOND));
  assert.deepEqual(past.from, [0, 0], "and further back, before what was loaded already");
  assert.equal(past.events.length, 150);
});

test("what comes before another future's timeline is not taken for its own", async () => {
  const at = line(50, 52);
  const past = new Past();
  await new Promise((done) => past.load(server(), "r", at, done, 10 * SECOND));
  const other = line(50, 52);
  other.future = "act1";
  assert.ok(!past.joins(other));
});

test("where it cannot be loaded it says why", async () => {
  const past = new Past();
  const no = { code: "too_fast", why: "Too many messages; wait a moment." };
  const link = { unwatch() {}, watch: (_, handlers) => (queueMicrotask(() => handlers.no(no)), {}) };
  await new Promise((done) => past.load(link, "r", line(50, 52), done));
  assert.equal(past.wrong, "Too many messages; wait a moment.");
  assert.ok(!past.loading);
});
