// The client code of acts, to read and to copy: beside each form, and for all acts of a future on a page of their own.

import { codeOf } from "./code.js";
import { brokersOf, definitionsOf } from "./definitions.js";
import { el } from "./dom.js";
import { labOf } from "./lab_code.js";
import { sqsLabOf } from "./sqs_code.js";
import { commandWords, seconds } from "./words.js";

const CODED = new Set(["broker", "producer", "consumer", "client"]); // what stands in the lab's program with its settings

/** Write the code of what `commands()` gives; what is not whole yet is said. */
export function write(place, commands, nodes) {
  let texts = [];
  try {
    texts = commands().flatMap((command) => codeOf(command, nodes).map((one) => ({ ...one, title: `${commandWords(command)}: ${one.title}` })));
  } catch (error) {
    place.replaceChildren(el("p", { class: "soft", textContent: error.message }));
    return;
  }
  place.replaceChildren(...texts.flatMap(block));
}

function block({ title, text, file }) {
  const save = file ? el("button", { type: "button", class: "quiet", textContent: "Download", "aria-label": `Download: ${title}`, onclick: () => import("./export.js").then(({ give }) => give(new Blob([text], { type: "text/plain" }), file)) }) : null;
  const copy = navigator.clipboard ? el("button", { type: "button", class: "quiet", textContent: "Copy", "aria-label": `Copy: ${title}`, onclick: () => navigator.clipboard.writeText(text).then(() => (copy.textContent = "Copied")) }) : null;
  return [
    el("div", { class: "code-head" }, el("span", { textContent: title }), copy, save),
    el("pre", { tabIndex: 0, role: "region", "aria-label": title }, el("code", { textContent: text })),
  ];
}

export class CodePage {
  constructor(stage) {
    this.stage = stage;
    this.nodes = new Map(); // every node there has been: code for one that is gone
    this.shown = "";
    this.root = el("div", { class: "code-page" });
    stage.side.add("Code", this.root);
  }

  draw(line) {
    const acts = this.stage.tree.path(line.future);
    const { scene } = line;
    for (const [name, { what, settings }] of scene.nodes) this.nodes.set(name, { what, settings });
    if (this.root.hidden) return;
    const now = [...scene.nodes].filter(([, { what }]) => CODED.has(what)).map(([name, { status, settings }]) => [name, status, settings]);
    const shape = `${acts.map((act) => act.id).join(" ")}|${scene.shape}|${JSON.stringify(now)}`;
    if (shape === this.shown && this.root.childElementCount) return;
    this.shown = shape;
    const made = acts.map((act) => el("section", {}, el("h3", { textContent: `${seconds(act.t)} s · ${commandWords(act.command)}` }), ...codeOf(act.command, this.nodes).flatMap(block)));
    const hint = el("p", { class: "soft", textContent: "What you do here, a client or an operator can do to a real broker. Act, and this page shows the code of each act: what a program calls, and what an operator does." });
    this.root.replaceChildren(...(made.length ? made : [hint]), ...brokersOf(scene).flatMap((name) => whole(scene, name)));
  }
}

/** What a broker holds now, and who works with it, to take to a real one. */
function whole(scene, broker) {
  const head = el("h3", { textContent: `The lab as it is now, with ${broker}` });
  const { kind } = scene.nodes.get(broker).settings;
  if (kind === "sqs") return [el("section", {}, head, ...block({ title: "Python, boto3", text: sqsLabOf(scene, broker), file: `${broker}.py` }))];
  if (kind && kind !== "rabbitmq") return []; // no code of a whole lab for these yet
  return [el("section", {}, head,
    ...block({ title: "Python, pika", text: labOf(scene, broker), file: `${broker}.py` }),
    ...block({ title: "definitions.json, for rabbitmqctl import_definitions", text: `${JSON.stringify(definitionsOf(scene, broker), null, 2)}\n`, file: "definitions.json" }))];
}
