// A whole lab as one program that runs: what the broker holds is declared, then each program runs in a thread of its own.

import { bodyOf, importsOf } from "./client_code.js";
import { declarationsOf } from "./definitions.js";
import { lines } from "./python_text.js";

const AWAY = new Set(["down", "waits"]);
const TAKEN = "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield boto3 declare pika program random thread threading threads time".split(" ");

/** The text: of what there is on this broker and the programs of it that run. */
export function labOf(scene, broker) {
  return together(scene, broker, declarationsOf(scene, broker), bodyOf, importsOf);
}

/** The same with any client: `declare` are the lines that make what the broker holds, `bodyOf` those of a program. */
export function together(scene, broker, declare, bodyOf, importsOf) {
  const names = new Set(TAKEN);
  const programs = [...scene.nodes]
    .filter(([, node]) => node.settings.broker === broker && !AWAY.has(node.status))
    .map(([name, { what, settings }]) => [name, bodyOf(what, name, settings)])
    .filter(([, body]) => body)
    .map(([name, body]) => [identifier(name, names), body]);
  if (!programs.length) return text([...importsOf(declare), ...declare]);
  const all = [["declare", declare], ...programs];
  return text([
    '"""A lab: the programs of it, each in a thread with a connection of its own. Ctrl+C ends them."""',
    "",
    ...importsOf(all.flatMap(([, body]) => body), ["threading"]),
    ...all.flatMap(([name, body]) => ["", `def ${name}():`, ...lines(close(body)), ""]),
    "",
    "declare()",
    "threads = [",
    `    threading.Thread(target=program, daemon=True)`,
    `    for program in (`,
    ...programs.map(([name]) => `        ${name},`),
    `    )`,
    "]",
    "for thread in threads:",
    "    thread.start()",
    "for thread in threads:",
    "    thread.join()",
  ]);
}

const text = (all) => `${all.join("\n")}\n`;

/** One blank line where there are more: within a function that is the custom. */
function close(body) {
  return body.filter((line, index) => line !== "" || body[index - 1] !== "");
}

/** A name of Python's that no other program has. */
function identifier(name, names) {
  let found = name.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=[0-9])/, "_");
  while (names.has(found)) found += "_";
  names.add(found);
  return found;
}
