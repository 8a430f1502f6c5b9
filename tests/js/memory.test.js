// What a reader has answered is remembered, for one recording and for its copies.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { memory } from "../../static/js/memory.js";

beforeEach(() => {
  const kept = new Map();
  globalThis.sessionStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
});

test("an answer is there when the page is opened again", () => {
  memory(() => "one").answer(0, 2);
  assert.deepEqual(memory(() => "one").answers, { 0: 2 });
  assert.deepEqual(memory(() => "two").answers, {});
});

test("what was skipped is remembered as skipped, not as unasked", () => {
  memory(() => "one").answer(1, null);
  assert.equal(memory(() => "one").answers[1], null);
  assert.equal(memory(() => "one").answers[0], undefined);
});

test("a copy of a recording takes the answers along", () => {
  let recording = "one";
  const mine = memory(() => recording);
  mine.answer(0, 1);
  recording = "copy";
  mine.close(0);
  assert.deepEqual(memory(() => "copy").answers, { 0: 1 });
  assert.deepEqual(memory(() => "copy").closed, { 0: true });
});

test("whether time stops holds for every lab", () => {
  memory(() => "one").stops = false;
  assert.equal(memory(() => "two").stops, false);
});

test("a browser that keeps nothing is no obstacle", () => {
  globalThis.sessionStorage = {
    getItem() {
      throw new Error("denied");
    },
    setItem() {
      throw new Error("denied");
    },
  };
  const mine = memory(() => "one");
  mine.answer(0, 1);
  mine.declined = true;
  assert.equal(mine.answers[0], 1);
  assert.equal(mine.declined, true);
});
