// The field names that this code writes and reads are those of the exported schema.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { textOf } from "../../static/js/sentence.js";
import { PHRASES } from "../../static/js/sentences.js";
import { lineOf, phrases } from "../../static/js/story.js";
import { ASKS, compare, encode, FRAMES, mint } from "../../static/js/wire.js";

const BOOKS = new Map(Object.keys(PHRASES).map((broker) => [broker, phrases(broker)]));
const ALWAYS = { sqs: { Delivered: ["until"] } }; // what a broker says beside what all must say
const KINDS = new Set(Array.from(BOOKS.values()).flatMap((book) => Object.keys(book.events)));
const sentence = (event, book) => textOf(lineOf(event, book, { nodes: new Map() }, "").sentence);

const schema = JSON.parse(readFileSync(new URL("../../static/wire-schema.json", import.meta.url)));

function definition(group, op) {
  return schema.$defs[schema[group].discriminator.mapping[op].split("/").at(-1)];
}

test("every ask has exactly the schema's fields", () => {
  assert.deepEqual(Object.keys(ASKS).sort(), Object.keys(schema.asks.discriminator.mapping).sort());
  for (const [op, fields] of Object.entries(ASKS)) {
    assert.deepEqual([...fields].sort(), Object.keys(definition("asks", op).properties).sort(), op);
  }
});

test("every frame of the server is known, and every field that is read exists", () => {
  assert.deepEqual(Object.keys(FRAMES).sort(), Object.keys(schema.frames.discriminator.mapping).sort());
  for (const [op, fields] of Object.entries(FRAMES)) {
    for (const name of fields) assert.ok(name in definition("frames", op).properties, `${op}.${name}`);
  }
});

test("there is a sentence for every kind of event", () => {
  const kinds = Object.keys(definition("frames", "stretch").properties.events.items.discriminator.mapping);
  assert.deepEqual([...KINDS].sort(), kinds.sort());
});

test("a sentence can be said of an event with nothing but its required fields", () => {
  const sample = { string: "a-1", integer: 1, boolean: false, array: [], object: {} };
  for (const [broker, book] of BOOKS) for (const kind of Object.keys(book.events)) {
    const { properties, required } = schema.$defs[kind];
    const event = Object.fromEntries([...required, ...(ALWAYS[broker]?.[kind] ?? [])].map((name) => [name, properties[name].type === "array" ? ["a-1"] : sample[properties[name].type]]));
    assert.doesNotThrow(() => sentence({ ...event, kind }, book), kind);
    assert.doesNotMatch(sentence({ ...event, kind }, book), /undefined|NaN/, kind);
  }
});

test("an ask with a field that the protocol does not have is never sent", () => {
  assert.throws(() => encode("more", { from: 1 }), /no field from/);
  assert.equal(encode("go", { join: 0, future: "0", at: [1, 2] }), '{"op":"go","join":0,"future":"0","at":[1,2]}');
});

test("ids are fresh and of the allowed letters", () => {
  const ids = new Set(Array.from({ length: 1000 }, mint));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.match(id, /^[a-z0-9]{16}$/);
});

test("positions are ordered by time, then by action", () => {
  assert.ok(compare([1, 9], [2, 0]) < 0 && compare([2, 1], [2, 0]) > 0 && compare([3, 3], [3, 3]) === 0);
});
