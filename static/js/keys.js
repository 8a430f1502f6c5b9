// Keys that do what is hard to hit by hand, and the list of all keys (?).

import { el } from "./dom.js";
import { duplicable, redeliverable } from "./offers.js";

const KEYS = [
  ["Space", "play or pause"],
  [", and .", "a step back, a step on"],
  ["[ and ]", "to the act before, to the next one"],
  ["Ctrl Z, Ctrl Shift Z", "undo, redo"],
  ["r", "force a redelivery: crash a consumer that holds a message"],
  ["d", "force a duplicate: close the connection of a consumer whose ack is on its way"],
  ["n", "to the next thing that happens to the message one follows"],
  ["Arrows, Enter", "in the figure: from node to node, its story"],
  ["Menu, Shift F10", "in the figure: what may be done to the node"],
  ["Escape", "close what is open"],
  ["?", "this list"],
];

export class Keys {
  constructor(stage) {
    this.stage = stage;
    const close = el("button", { type: "button", textContent: "Close", onclick: () => this.list.close() });
    this.list = el("dialog", { class: "keys", "aria-label": "Keys" }, el("h2", { textContent: "Keys" }),
      el("dl", {}, ...KEYS.flatMap(([key, what]) => [el("dt", {}, el("kbd", { textContent: key })), el("dd", { textContent: what })])), close);
    stage.append(this.list);
  }

  key(event) {
    if (event.key === "?") this.list.showModal();
    else if (event.key === "r") this.force(redeliverable, (node) => ({ do: "crash", node }), "No consumer holds a message just now, so nothing can be delivered again. Step on until one does.");
    else if (event.key === "d") this.force(duplicable, (node) => ({ do: "disconnect", node }), "No ack is on its way just now, and only then a broken connection makes a duplicate. Step on until there is one.");
    else return false;
    return true;
  }

  /** Act on the node that is found, or say why not. */
  force(find, command, why) {
    const { stage } = this;
    const node = stage.playhead.timeline ? find(stage.playhead.timeline.scene) : "";
    stage.acts.form = null;
    stage.acts.refused(node ? "" : why);
    if (node) stage.act(command(node));
    else stage.side.show("Act");
  }
}
