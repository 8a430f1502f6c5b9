// Definitions and declarations of a scene for a Python test: one JSON object {scene, broker} a line in, what its broker's kind has a line out.

import { createInterface } from "node:readline";

import { definitionsOf } from "../../static/js/definitions.js";
import { labOf } from "../../static/js/lab_code.js";
import { open } from "../../static/js/model.js";
import { sqsLabOf } from "../../static/js/sqs_code.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { scene: json, broker } = JSON.parse(line);
  const scene = open(json);
  const made = scene.nodes.get(broker).settings.kind === "sqs" ? { python: sqsLabOf(scene, broker) } : { definitions: definitionsOf(scene, broker), python: labOf(scene, broker) };
  process.stdout.write(`${JSON.stringify(made)}\n`);
}
