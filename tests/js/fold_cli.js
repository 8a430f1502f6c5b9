// Folds recordings for a Python test: one JSON object {scene, events} a line in, the folded scene a line out.

import { createInterface } from "node:readline";

import { fold, open } from "../../static/js/model.js";
import { plain } from "./plain.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { scene, events } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(plain(fold(open(scene), events)))}\n`);
}
