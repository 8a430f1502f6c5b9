// The theme button goes round: system, light, dark, and from anything unknown back to the first.

import assert from "node:assert/strict";
import { test } from "node:test";

import { next } from "../../static/js/theme.js";

test("three presses come back to where they began", () => {
  assert.deepEqual(["system", "light", "dark"].map(next), ["light", "dark", "system"]);
});

test("a theme that is not known is followed by the system's", () => {
  assert.equal(next("sepia"), "system");
});
