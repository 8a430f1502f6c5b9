// Boxes and words of a picture never overlap, lines never run behind a box, and the same topology always looks the same.

import assert from "node:assert/strict";
import { test } from "node:test";

import { layout } from "../../static/js/layout.js";
import { along } from "../../static/js/lines.js";
import { shorten, wide } from "../../static/js/words.js";

const WIDTHS = [302, 320, 372, 390, 640, 736, 958, 1300];
const FALL_H = 24;

function random(seed) {
  let state = seed;
  return () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

const LIMITS = [{}, { max_length: 9, overflow: "drop-head" }, { delivery_limit: 3, dead_letter_exchange: "x" }, { message_ttl_ms: 5000, max_length: 1, overflow: "reject-publish", delivery_limit: 20, arguments: { "x-single-active-consumer": true } }];

/** Producers, chains and circles of exchanges, queues in dead-letter loops, many consumers of one queue, nodes that nothing joins. */
function topology(seed, count) {
  const next = random(seed);
  const kinds = ["producer", "exchange", "queue", "consumer"];
  const nodes = new Map();
  const of = { producer: [], exchange: [], queue: [], consumer: [] };
  for (let n = 0; n < count; n++) {
    const what = kinds[n < 4 ? n : Math.floor(next() * 4)];
    nodes.set(`${what}-${n}`, { what, settings: what === "queue" ? LIMITS[Math.floor(next() * LIMITS.length)] : {} });
    of[what].push(`${what}-${n}`);
  }
  nodes.set("rabbit", { what: "broker", settings: {} });
  const pick = (list) => list[Math.floor(next() * list.length)];
  const links = new Map();
  const link = (what, source, target, key = "") => links.set(`${what}/${links.size}`, { what, source, target, routing_key: key });
  for (const one of of.producer) if (next() < 0.9) link("publish", one, pick(of.exchange));
  for (const one of of.queue) for (let n = next() * 3; n > 0; n--) link("binding", pick(of.exchange), one, next() < 0.8 ? "order.".repeat(1 + Math.floor(next() * 6)) : "");
  for (const one of of.consumer) link("consume", next() < 0.3 ? of.queue[0] : pick(of.queue), one);
  for (const one of of.queue) if (next() < 0.2) link("dead_letter", one, pick(of.exchange));
  for (const one of of.exchange) if (next() < 0.3) link("binding", one, pick(of.exchange), "#");
  for (const one of of.exchange) if (next() < 0.1) link("alternate", one, pick(of.exchange));
  if (next() < 0.3) links.set("implied", { what: "implied", implied: true, source: pick(of.queue), target: pick(of.producer), routing_key: "" });
  return { nodes, links };
}

function overlaps(a, b) {
  return a.x < b.x + b.w - 0.01 && b.x < a.x + a.w - 0.01 && a.y < b.y + b.h - 0.01 && b.y < a.y + a.h - 0.01;
}

for (const width of WIDTHS) {
  test(`no boxes and no words overlap at ${width} px in 40 random topologies`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { nodes, links } = topology(seed, 4 + ((seed * 17) % 57));
      const made = layout(nodes, links, width);
      const boxes = Array.from(made.boxes.values(), (box) => ({ ...box, h: box.h + FALL_H }));
      const rects = [...boxes, ...Array.from(made.lines.values(), (line) => line.label).filter(Boolean)];
      for (let a = 0; a < rects.length; a++) {
        const { x, y, w, h } = rects[a];
        assert.ok(x >= 0 && y >= 0 && x + w <= made.width && y + h <= made.height + 0.01, `seed ${seed}: outside ${JSON.stringify(rects[a])}`);
        for (let b = 0; b < a; b++) {
          assert.ok(!overlaps(rects[a], rects[b]), `seed ${seed}: ${JSON.stringify(rects[a])} ${JSON.stringify(rects[b])}`);
        }
      }
    }
  });

  test(`no line runs behind a box or leaves the figure at ${width} px in 40 random topologies`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { nodes, links } = topology(seed, 4 + ((seed * 17) % 57));
      const made = layout(nodes, links, width);
      for (const line of made.lines.values()) {
        for (let n = 0; n < line.points.length; n += 2) {
          const [x, y] = [line.points[n], line.points[n + 1]];
          assert.ok(x >= 0 && y >= 0 && x <= made.width && y <= made.height, `seed ${seed}: ${line.source} -> ${line.target} outside at ${x}, ${y}`);
          for (const box of made.boxes.values()) {
            if (box.name === line.source || box.name === line.target) continue;
            const inside = x > box.x + 1 && x < box.x + box.w - 1 && y > box.y + 1 && y < box.y + box.h - 1;
            assert.ok(!inside, `seed ${seed}: ${line.source} -> ${line.target} behind ${box.name}`);
          }
        }
      }
    }
  });
}

test("the same topology is laid out the same", () => {
  const { nodes, links } = topology(5, 30);
  assert.deepEqual(layout(nodes, links, 900), layout(nodes, links, 900));
});

test("a node that comes leaves the others in their columns and in their order", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { nodes, links } = topology(seed, 20);
    const before = layout(nodes, links, 958);
    nodes.set("late", { what: "consumer", settings: {} });
    const after = layout(nodes, links, 958);
    const order = (made) => Array.from(made.boxes.values()).filter((box) => box.name !== "late").sort((a, b) => a.x - b.x || a.y - b.y).map((box) => [box.name, box.x]);
    assert.deepEqual(order(after), order(before), `seed ${seed}`);
  }
});

test("a line that is only added on the way moves no box", () => {
  const { nodes, links } = topology(9, 20);
  const before = layout(nodes, links, 958).boxes;
  links.set("more", { what: "implied", implied: true, source: "exchange-1", target: "queue-2", routing_key: "" });
  assert.deepEqual(layout(nodes, links, 958).boxes, before);
});

test("on a narrow screen the flow runs downwards, and a consumer stands below its queue", () => {
  const { nodes, links } = topology(1, 4);
  const made = layout(nodes, links, 390);
  const tops = Array.from(made.boxes.values(), (box) => box.y);
  assert.deepEqual(tops, [...tops].sort((a, b) => a - b));
});

test("what travels begins and ends at the ends of its line, at an even pace", () => {
  const { nodes, links } = topology(3, 12);
  for (const line of layout(nodes, links, 958).lines.values()) {
    const { points, lengths } = line;
    assert.deepEqual(along(line, 0), points.slice(0, 2));
    assert.ok(Math.hypot(along(line, 1)[0] - points[points.length - 2], along(line, 1)[1] - points[points.length - 1]) < 1e-6);
    const [a, b] = [along(line, 0.5), along(line, 0.51)];
    assert.ok(Math.hypot(a[0] - b[0], a[1] - b[1]) <= (lengths[lengths.length - 1] / 100) * 1.01);
  }
});

test("a client that takes from a queue stands with the consumers, one that does not with those who publish", () => {
  const script = (...calls) => ({ what: "client", settings: { script: calls.map(([call, queue]) => ({ at_ms: 0, call, queue })) } });
  const nodes = new Map([
    ["asker", script(["basic_consume", "amq.rabbitmq.reply-to"], ["basic_publish"])], ["taker", script(["tx_select"], ["basic_get", "q"])],
    ["reader", script(["basic_consume", "q"])], ["x", { what: "exchange", settings: {} }], ["q", { what: "queue", settings: {} }],
  ]);
  const links = new Map(["asker", "taker", "reader"].map((source) => [source, { what: "publish", source, target: "x", routing_key: "" }]));
  for (const width of WIDTHS) {
    const { boxes, lines } = layout(nodes, links, width);
    assert.deepEqual(["asker", "taker", "reader"].map((name) => boxes.get(name).column), ["program", "consumer", "consumer"]);
    for (const line of lines.values()) {
      for (let n = 0; n < line.points.length; n += 2) {
        const [x, y] = [line.points[n], line.points[n + 1]];
        for (const box of boxes.values()) {
          if (box.name === line.source || box.name === line.target) continue;
          assert.ok(!(x > box.x + 1 && x < box.x + box.w - 1 && y > box.y + 1 && y < box.y + box.h - 1), `${line.source} behind ${box.name} at ${width} px`);
        }
      }
    }
  }
});

test("a long name is shortened in the middle", () => {
  assert.equal(shorten("order.europe.created", 9), "orde…ated");
  assert.equal(shorten("short", 9), "short");
});

test("what one reads as a letter is not cut, and wide letters count twice", () => {
  const family = "\u{1f469}\u200d\u{1f469}\u200d\u{1f466}";
  assert.equal(shorten(family.repeat(5), 5), `${family}…${family}`);
  assert.equal(wide("日本"), 4);
  assert.ok(wide(shorten("日本".repeat(20), 9)) <= 9);
});

test("a letter under a heap of marks keeps two of them, and what cannot be seen is shown as such", () => {
  assert.equal(shorten(`a${"\u0301".repeat(200)}b`, 9), "a\u0301\u0301b");
  assert.equal(shorten("a\u0000b\nc", 9), "a\ufffdb\ufffdc");
});
