// A sentence as elements: names of nodes and messages are buttons that choose them, and the chip in the sentence is the
// chip in the picture. Text only ever as text.

import { el } from "./dom.js";

/** Makes sentences for one stage. `keyOf(message)`: the key on its chip, or "". */
export class Wording {
  constructor(keys, keyOf, onSelect) {
    this.keys = keys;
    this.keyOf = keyOf;
    this.onSelect = onSelect;
  }

  /** The parts of a sentence, in an element. */
  put(into, sentence) {
    for (const [kind, text, ref] of sentence) into.append(this.part(kind, text, ref));
    return into;
  }

  part(kind, text, ref) {
    switch (kind) {
      case "node": return el("button", { type: "button", class: "ref node-ref", textContent: text, onclick: () => this.onSelect({ node: ref }) });
      case "message": return this.message(ref);
      case "strong": return el("strong", { textContent: text });
      case "code": return el("code", { textContent: text });
      case "time": return el("span", { class: "at", textContent: text });
      default: return document.createTextNode(text);
    }
  }

  /** A message: its chip and its name. `words` instead of the name. */
  message(name, words = name) {
    return el("button", { type: "button", class: "ref message-ref", title: `The story of ${name}`, onclick: () => this.onSelect({ message: name }) },
      this.chip(name), words ? el("span", { textContent: words }) : el("span", { class: "visually-hidden", textContent: name }));
  }

  /** The chip of a message, as the picture draws it. */
  chip(name) {
    const key = this.keyOf(name);
    return el("span", { class: `key-chip k-${this.keys.colour(key)}`, textContent: this.keys.letter(key), "aria-hidden": "true" });
  }
}

/** A link to the rule that decided, in its own words or by its name. `brief`: one line of it will do. */
export function ruleLink(rule, words = rule, brief = false) {
  return el("a", { class: `rule-link${brief ? " brief" : ""}`, href: `/rules/#${encodeURIComponent(rule)}`, textContent: words, title: words });
}
