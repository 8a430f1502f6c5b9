// Definitions and declarations of a scene for a Python test: one JSON object {scene, broker} a line in, one of both a line out.

import { createInterface } from "node:readline";

import { definitionsOf } from "../../static/js/definitions.js";
import { labOf } from "../../static/js/lab_code.js";
import { open } from "../../static/js/model.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { scene: json, broker } = JSON.parse(line);
  const scene = open(json);
  process.stdout.write(`${JSON.stringify({ definitions: definitionsOf(scene, broker), python: labOf(scene, broker) })}\n`);
}
