// What can be taken along: the scenario, the events of the future looked at, and a link that holds everything.

import { el, text } from "./dom.js";

const AFTER_S = 10;

export class Take {
  /** `root`: the section of the page that has the plain links. */
  constructor(stage, root, notes) {
    this.stage = stage;
    this.root = root;
    this.notes = notes;
    this.events = root.querySelector("a.events");
    this.scenario = root.querySelector("a.scenario");
    this.said = el("p", { class: "written-state", role: "status" });
    this.link = el("input", { type: "text", readOnly: true, hidden: true, "aria-label": "The link that holds everything", onfocus: () => this.link.select() });
    const button = el("button", { type: "button", textContent: "Copy a link that holds everything", onclick: () => this.copy() });
    root.append(el("div", { class: "take-link" }, button, this.link), this.said);
  }

  draw(line) {
    const recording = this.stage.watch.recording;
    const until = Math.min(600, Math.ceil(this.stage.playhead.t / 1e6 / AFTER_S) * AFTER_S + AFTER_S);
    const href = `/r/${recording}/events.ndjson?future=${line.future}&until_s=${until}`;
    if (href === this.href) return;
    this.href = href;
    this.events.href = href;
    this.scenario.href = `/r/${recording}/scenario.yaml`;
    text(this.events, `Events of this future up to ${until} s (NDJSON)`);
  }

  async copy() {
    const { stage } = this;
    const { linkTo } = await import("./packing.js");
    const hash = stage.address();
    const other = new URLSearchParams(hash.slice(1)).get("g");
    const futures = [stage.playhead.timeline.future, ...(other ? [other] : [])];
    try {
      this.link.value = await linkTo({
        recording: stage.watch.recording, seed: Number(this.root.dataset.seed), tree: stage.tree, futures, notes: this.notes(), hash,
      });
    } catch (error) {
      return text(this.said, error.message);
    }
    this.link.hidden = false;
    try {
      await navigator.clipboard.writeText(this.link.value);
      text(this.said, "Copied. Who opens it has this lab, on any mqlab of this version.");
    } catch {
      this.link.focus(); // over plain http there is no clipboard
      text(this.said, "Copy it from the field.");
    }
  }
}
