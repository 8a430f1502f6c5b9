// The verdict strip: what the engine judged, and the sum that must come out.

import { el, text } from "./dom.js";

const CELLS = [
  ["lost", "lost"], ["redelivered", "redelivered"], ["duplicated", "handled twice"], ["out_of_order", "out of order per key"],
  ["dead", "dead-lettered"], ["published", "published"], ["conserved", "copies"],
];

export class Verdicts {
  constructor() {
    this.root = el("dl", { class: "verdicts", "aria-label": "Verdicts" });
    this.cells = new Map();
    for (const [name, label] of CELLS) {
      const value = el("dd", { textContent: "0" });
      const words = el("dt", { textContent: label });
      const cell = el("div", { class: name }, words, value);
      this.root.append(cell);
      this.cells.set(name, { cell, value, words });
    }
  }

  draw(scene) {
    const all = totals(scene);
    for (const name of ["lost", "duplicated", "out_of_order", "dead"]) this.put(name, scene.verdicts.get(name) ?? 0, "");
    this.put("redelivered", all.requeued, "");
    this.put("published", all.published, `published · ${all.acked} acked`);
    const stuck = scene.verdicts.get("stuck") ?? 0;
    const right = (scene.verdicts.get("conserved") ?? 1) === 1;
    const sum = `copies = ready ${all.ready}${stuck ? ` (${stuck} stuck)` : ""} + unacked ${all.unacked} + on the way ${all.arriving} + ended ${all.entered - all.ready - all.unacked}`;
    this.put("conserved", `${all.entered + all.arriving} ${right ? "✓" : "✗"}`, sum, !right);
    for (const name of ["lost", "duplicated", "out_of_order"]) {
      this.cells.get(name).cell.classList.toggle("bad", (scene.verdicts.get(name) ?? 0) > 0);
    }
  }

  put(name, value, words, bad = false) {
    const cell = this.cells.get(name);
    text(cell.value, String(value));
    if (words) text(cell.words, words);
    if (name === "conserved") cell.cell.classList.toggle("bad", bad);
  }
}

/** Counts over all nodes. `entered`: copies that ever became ready for the first time. */
export function totals(scene) {
  const all = { published: 0, acked: 0, requeued: 0, entered: 0, ready: 0, unacked: 0, arriving: 0 };
  for (const counts of scene.counts.values()) {
    all.published += counts.get("published") ?? 0;
    all.acked += counts.get("acked") ?? 0;
    if (counts.has("enqueued")) all.requeued += counts.get("requeued") ?? 0; // of queues: a consumer counts its nacks by that name
    all.requeued += counts.get("claimed") ?? 0;
    all.entered += (counts.get("enqueued") ?? 0) + (counts.get("broadcast") ?? 0) + (counts.get("fetched") ?? 0);
  }
  for (const node of scene.nodes.values()) {
    all.ready += node.ready.size;
    all.unacked += node.unacked.size;
  }
  for (const copy of scene.copies.values()) if (copy.state === "arriving") all.arriving++;
  return all;
}
