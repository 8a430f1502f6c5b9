// Tells stories for a Python test. A line in is {scene, events, at}: the scene before the events, and how many of them to
// fold before each telling. A line out: for each of `at`, the stories and reasons of all messages, and those of all nodes.

import { createInterface } from "node:readline";

import { fold, open } from "../../static/js/model.js";
import { Gathered, nodeStory, story } from "../../static/js/story.js";
import { why } from "../../static/js/why.js";
import { messageOf } from "../../static/js/words.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { scene, events, at } = JSON.parse(line);
  const told = [];
  const lives = new Map();
  const now = open(scene);
  let done = 0;
  for (const to of at) {
    fold(now, events, done, to);
    const fresh = new Set(events.slice(done, to).flatMap((event) => event.of ?? []).map(messageOf));
    for (const message of fresh) if (!lives.has(message)) lives.set(message, new Gathered(message));
    for (const life of lives.values()) life.take(events, done, to);
    done = to;
    const messages = {};
    for (const [message, life] of lives) messages[message] = { story: story(life, now), why: why(now, life) };
    const nodes = Object.fromEntries(Array.from(now.nodes.keys(), (node) => [node, nodeStory(events, node, now, to)]));
    told.push({ messages, nodes });
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
