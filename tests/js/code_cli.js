// The client code of commands for a Python test: one JSON object {command, nodes} a line in, the texts a line out.

import { createInterface } from "node:readline";

import { codeOf } from "../../static/js/code.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { command, nodes } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(codeOf(command, new Map(Object.entries(nodes))))}\n`);
}
