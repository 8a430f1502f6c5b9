// The socket: frames in order, one act at a time, and after a loss it comes back and sends again what was not kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";

import { backoff, Link } from "../../static/js/link.js";

const SCENE = { op: "scene", recording: "r", join: 0, future: "0", at: [0, 0], scene: {}, tree: [], role: "owner", limits: {} };

/** A server at the other end of a socket, in memory. */
class Line {
  constructor() {
    this.sent = [];
    this.readyState = 1;
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
    this.onclose();
  }

  tell(frame, deflated = false) {
    const text = JSON.stringify(frame);
    const packed = deflated ? deflateRawSync(text) : null;
    this.onmessage({ data: packed ? packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.length) : text });
  }
}

function connected() {
  const lines = [];
  const timers = [];
  const make = () => lines[lines.push(new Line()) - 1];
  const link = new Link("ws://here", { make, later: (f, ms) => timers.push({ f, ms }), random: () => 0.5 });
  const heard = [];
  const note = (frame) => heard.push(frame);
  const handlers = Object.fromEntries(["scene", "stretch", "cut", "kept", "no", "moved", "tree", "resumed", "unstored"].map((name) => [name, (frame) => note([name, frame])]));
  const watch = link.watch("r", handlers);
  link.connect();
  lines[0].onopen();
  return { link, lines, timers, heard, watch, settle: async () => { await link.order; await new Promise((done) => setTimeout(done, 5)); await link.order; } };
}

const where = (t) => () => ({ future: "0", at: [t, 0], ahead: 500_000 });
const cutOf = (ask) => ({ op: "cut", recording: "r", id: ask.id, future: ask.id, at: ask.at, to: [ask.at[0] + 1, 0], events: [], command: ask.command, parent: ask.future });

test("a deflated frame and the short one after it are handled in their order", async () => {
  const { lines, heard, settle } = connected();
  lines[0].tell(SCENE);
  lines[0].tell({ op: "stretch", recording: "r", future: "0", from: [0, 0], to: [1, 0], events: Array(500).fill({ kind: "x" }) }, true);
  lines[0].tell({ op: "kept", recording: "r", id: "a" });
  await settle();
  assert.deepEqual(heard.map(([name]) => name), ["scene", "stretch", "kept"]);
});

test("one act is in flight; the next takes its place from the cut before it", async () => {
  const { lines, watch, settle } = connected();
  lines[0].tell(SCENE);
  await settle();
  watch.act({ do: "crash", node: "a" }, where(5));
  let future = "?";
  watch.act({ do: "restart", node: "a" }, () => ({ future, at: [5, 1], ahead: 0 }));
  const acts = () => lines[0].sent.filter((one) => one.op === "do");
  assert.equal(acts().length, 1);
  future = acts()[0].id;
  lines[0].tell(cutOf(acts()[0]));
  await settle();
  assert.equal(acts().length, 2);
  assert.deepEqual([acts()[1].future, acts()[1].at], [future, [5, 1]]);
});

test("an act on a socket that closes already waits for the next one", async () => {
  const { lines, timers, watch, settle } = connected();
  lines[0].tell(SCENE);
  await settle();
  lines[0].readyState = 2;
  const id = watch.act({ do: "crash", node: "a" }, where(5));
  assert.equal(watch.more("0", [0, 0], [1, 0]), false);
  const acts = (line) => line.sent.filter((one) => one.op === "do");
  assert.equal(acts(lines[0]).length, 0);
  lines[0].onclose();
  timers[0].f();
  lines[1].onopen();
  lines[1].tell(SCENE);
  await settle();
  assert.deepEqual(acts(lines[1]).map((one) => one.id), [id]);
});

test("after a loss it joins again and sends what was not kept, with the same ids, in order", async () => {
  const { lines, timers, heard, watch, settle } = connected();
  lines[0].tell(SCENE);
  await settle();
  watch.act({ do: "crash", node: "a" }, where(5));
  watch.act({ do: "crash", node: "b" }, where(6));
  const first = lines[0].sent.find((one) => one.op === "do");
  lines[0].tell(cutOf(first));
  await settle();
  lines[0].close();
  assert.ok(timers[0].ms > 0);
  timers[0].f();
  lines[1].onopen();
  assert.equal(lines[1].sent[0].op, "join");
  lines[1].tell(SCENE);
  await settle();
  const again = lines[1].sent.filter((one) => one.op === "do");
  assert.deepEqual(again, [first]);
  lines[1].tell(cutOf(first));
  await settle();
  assert.equal(heard.filter(([name]) => name === "cut").length, 1, "a cut that was shown is not shown again");
  const second = lines[1].sent.filter((one) => one.op === "do")[1];
  assert.equal(second.command.node, "b");
  lines[1].tell(cutOf(second));
  lines[1].tell({ op: "kept", recording: "r", id: first.id });
  lines[1].tell({ op: "kept", recording: "r", id: second.id });
  await settle();
  assert.equal(watch.unkept, 0);
  assert.ok(heard.some(([name]) => name === "resumed"));
});

test("an act whose cut was heard, and that the server kept before it died, is not sent again", async () => {
  const { lines, timers, heard, watch, settle } = connected();
  lines[0].tell(SCENE);
  await settle();
  const id = watch.act({ do: "crash", node: "a" }, where(5));
  lines[0].tell({ op: "cut", recording: "r", id, future: id, parent: "0", at: [5, 0], to: [6, 0], events: [] });
  await settle();
  lines[0].close();
  timers[0].f();
  lines[1].onopen();
  lines[1].tell({ ...SCENE, tree: [{ id, parent: "0", t: 5, i: 0, command: {}, kept: true }] });
  await settle();
  assert.equal(lines[1].sent.filter((one) => one.op === "do").length, 0);
  assert.equal(watch.unkept, 0);
  assert.ok(heard.some(([name, frame]) => name === "kept" && frame.id === id));
});

test("an act that was done and never heard of is asked for again, just as it was done", async () => {
  const { lines, timers, watch, settle } = connected();
  lines[0].tell(SCENE);
  await settle();
  const id = watch.act({ do: "crash", node: "a" }, where(5));
  lines[0].close();
  timers[0].f();
  lines[1].onopen();
  lines[1].tell({ ...SCENE, tree: [{ id, parent: "before", t: 9, i: 2, command: {}, kept: true }] });
  await settle();
  const [again] = lines[1].sent.filter((one) => one.op === "do");
  assert.deepEqual([again.id, again.future, again.at], [id, "before", [9, 2]]);
  lines[1].tell({ op: "cut", recording: "r", id, future: id, parent: "before", at: [9, 2], to: [10, 0], events: [] });
  lines[1].tell({ op: "kept", recording: "r", id });
  await settle();
  assert.equal(watch.unkept, 0);
});

test("an act that is refused is told and the next one goes", async () => {
  const { lines, heard, watch, settle } = connected();
  lines[0].tell(SCENE);
  await settle();
  const id = watch.act({ do: "crash", node: "ghost" }, where(5));
  watch.act({ do: "crash", node: "a" }, where(5));
  lines[0].tell({ op: "no", join: 0, id, code: "unknown_node", why: "There is no ghost here." });
  await settle();
  assert.equal(heard.at(-1)[1].why, "There is no ghost here.");
  assert.equal(lines[0].sent.at(-1).command.node, "a");
});

test("an act that came too fast is sent again after the time that was named", async () => {
  const { lines, timers, watch, settle } = connected();
  lines[0].tell(SCENE);
  await settle();
  const id = watch.act({ do: "crash", node: "a" }, where(5));
  lines[0].tell({ op: "no", join: 0, id, code: "too_fast", why: "", retry_ms: 70 });
  await settle();
  assert.equal(timers[0].ms, 70);
  timers[0].f();
  assert.deepEqual(lines[0].sent.filter((one) => one.op === "do").map((one) => one.id), [id, id]);
});

test("an address that names what is not there falls back to the beginning", async () => {
  const { lines, settle } = connected();
  lines[0].tell({ op: "no", join: 0, code: "stale", why: "" });
  await settle();
  assert.deepEqual(lines[0].sent.at(-1), { op: "go", join: 0, future: "0", at: [0, 0] });
});

test("a server that says goodbye for good is not asked again", async () => {
  const { lines, timers, settle } = connected();
  lines[0].tell({ op: "bye", code: "too_fast", why: "Too many." });
  await settle();
  lines[0].close();
  assert.equal(timers.length, 0);
});

test("the wait doubles up to eight seconds and is never the same for all", () => {
  const most = Array.from({ length: 8 }, (_, n) => backoff(n, () => 1));
  assert.deepEqual(most, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
  assert.equal(backoff(0, () => 0), 125);
});

test("an act that could not be stored leaves the list, and only that one", async () => {
  const { lines, heard, watch, settle } = connected();
  lines[0].tell(SCENE);
  await settle();
  watch.act({ do: "crash", node: "a" }, where(5));
  const first = lines[0].sent.at(-1);
  lines[0].tell(cutOf(first));
  await settle();
  watch.act({ do: "crash", node: "b" }, where(6));
  const second = lines[0].sent.at(-1);
  lines[0].tell(cutOf(second));
  lines[0].tell({ ...cutOf(second), future: first.id, code: "not_stored" });
  await settle();
  assert.deepEqual(watch.acts.map((act) => act.id), [first.id]);
  assert.equal(heard.at(-1)[0], "unstored");
});
