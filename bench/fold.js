// Events a second that model.js folds in node: {scene, events} as JSON on stdin, one JSON number out, median of seven.

import { readFileSync } from "node:fs";

import { fold, open } from "../static/js/model.js";

const { scene, events } = JSON.parse(readFileSync(0, "utf8"));
const rates = [];
for (let run = 0; run < 10; run++) {
  const fresh = open(structuredClone(scene));
  const began = performance.now();
  fold(fresh, events);
  rates.push((events.length / (performance.now() - began)) * 1000);
}
rates.splice(0, 3); // warm
rates.sort((a, b) => a - b);
process.stdout.write(`${JSON.stringify(Math.round(rates[3]))}\n`);
