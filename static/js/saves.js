// Beside Share: the picture of this moment as a file, and the stage for a projector. A feature of the stage, loaded once the
// first picture is drawn; what makes the file is loaded when it is wanted.

import { el, text } from "./dom.js";

export class Saves {
  constructor(stage) {
    this.stage = stage;
    this.said = el("span", { role: "status", class: "soft" });
    const as = (kind) => el("button", { type: "button", textContent: `Save as ${kind}`, onclick: () => this.save(kind) });
    this.big = el("a", { class: "button", textContent: this.isBig ? "Usual stage" : "Big stage, for a projector" });
    this.big.addEventListener("click", () => this.aim()); // where one looks goes along
    this.root = document.getElementById("saves"); // it has its place from the beginning, so that nothing shifts
    this.root.append(el("div", { class: "saves-list" }, as("SVG"), as("PNG"), this.big, this.said));
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.root.open = false;
      this.root.querySelector("summary").focus();
    });
    this.aim();
  }

  get isBig() {
    return document.documentElement.dataset.stage === "big";
  }

  aim() {
    const search = new URLSearchParams(location.search);
    if (this.isBig) search.delete("stage");
    else search.set("stage", "big");
    this.big.href = `${location.pathname}${search.size ? `?${search}` : ""}${this.stage.address()}`;
  }

  async save(kind) {
    const { stage } = this;
    const about = {
      title: document.querySelector("h1")?.textContent ?? "A lab", moment: Math.floor(stage.playhead.t),
      link: `${location.origin}${location.pathname}${stage.address()}`,
    };
    try {
      const { saveSvg, savePng } = await import("./export.js");
      await (kind === "SVG" ? saveSvg(stage.picture, about) : savePng(stage.picture, about));
      text(this.said, `Saved as ${kind}.`);
    } catch (error) {
      text(this.said, `It could not be saved: ${error.message}`);
    }
  }
}
