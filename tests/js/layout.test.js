// Boxes and words of a picture never overlap, and the same topology always looks the same.

import assert from "node:assert/strict";
import { test } from "node:test";

import { layout, shorten } from "../../static/js/layout.js";

function random(seed) {
  let state = seed;
  return () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

function topology(seed, count) {
  const next = random(seed);
  const kinds = ["producer", "exchange", "queue", "consumer"];
  const nodes = new Map();
  const of = { producer: [], exchange: [], queue: [], consumer: [] };
  for (let n = 0; n < count; n++) {
    const what = kinds[n < 4 ? n : Math.floor(next() * 4)];
    nodes.set(`${what}-${n}`, { what, settings: {} });
    of[what].push(`${what}-${n}`);
  }
  const pick = (list) => list[Math.floor(next() * list.length)];
  const links = new Map();
  const link = (what, source, target) => links.set(`${what}/${links.size}`, { what, source, target, routing_key: "order.".repeat(1 + Math.floor(next() * 6)) });
  for (const one of of.producer) link("publish", one, pick(of.exchange));
  for (const one of of.queue) for (let n = next() * 3; n > 0; n--) link("binding", pick(of.exchange), one);
  for (const one of of.consumer) link("consume", pick(of.queue), one);
  for (const one of of.queue) if (next() < 0.2) link("dead_letter", one, pick(of.exchange));
  return { nodes, links };
}

function overlaps(a, b) {
  return a.x < b.x + b.w - 0.01 && b.x < a.x + a.w - 0.01 && a.y < b.y + b.h - 0.01 && b.y < a.y + a.h - 0.01;
}

for (const width of [320, 390, 640, 736, 958, 1300]) {
  test(`no boxes and no labels overlap at ${width} px in 100 random topologies`, () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { nodes, links } = topology(seed, 4 + (seed % 57));
      const made = layout(nodes, links, width);
      const rects = [...made.boxes.values(), ...Array.from(made.lines.values(), (line) => line.label).filter(Boolean)];
      for (let a = 0; a < rects.length; a++) {
        assert.ok(rects[a].x >= 0 && rects[a].y >= 0 && rects[a].x + rects[a].w <= made.width, `seed ${seed}: outside ${JSON.stringify(rects[a])}`);
        for (let b = 0; b < a; b++) {
          assert.ok(!overlaps(rects[a], rects[b]), `seed ${seed}: ${JSON.stringify(rects[a])} ${JSON.stringify(rects[b])}`);
        }
      }
    }
  });
}

test("the same topology is laid out the same", () => {
  const { nodes, links } = topology(5, 30);
  assert.deepEqual(layout(nodes, links, 900), layout(nodes, links, 900));
});

test("on a narrow screen the flow runs downwards", () => {
  const { nodes, links } = topology(1, 4);
  const tops = Array.from(layout(nodes, links, 390).boxes.values(), (box) => box.y);
  assert.deepEqual(tops, [...tops].sort((a, b) => a - b));
});

test("a long name is shortened in the middle", () => {
  assert.equal(shorten("order.europe.created", 9), "orde…ated");
  assert.equal(shorten("short", 9), "short");
});
