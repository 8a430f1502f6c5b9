// The pages beside the figure, as tabs: arrows go along them, and what is hidden is not drawn.

import { el } from "./dom.js";

let sides = 0;

export class Side {
  constructor(label) {
    this.name = `mq-side-${++sides}`;
    this.bar = el("div", { class: "tabs", role: "tablist", "aria-label": label });
    this.root = el("aside", { class: "side", "aria-label": "Act and read" }, this.bar);
    this.pages = [];
    this.shown = "";
    this.bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const at = this.pages.findIndex((page) => page.title === this.shown);
      this.show(this.pages[(at + step + this.pages.length) % this.pages.length].title, true);
    });
  }

  /** Add a page; `before` is the title of the page to put it in front of. */
  add(title, root, before = "") {
    root.id = `${this.name}-${title.toLowerCase()}`;
    root.setAttribute("role", "tabpanel");
    root.setAttribute("aria-label", title);
    root.hidden = true;
    const tab = el("button", { type: "button", role: "tab", tabIndex: -1, "aria-selected": "false", "aria-controls": root.id, textContent: title, onclick: () => this.show(title) });
    const place = this.pages.findIndex((page) => page.title === before);
    const at = place < 0 ? this.pages.length : place;
    this.bar.insertBefore(tab, this.pages[at]?.tab ?? null);
    this.pages.splice(at, 0, { title, root, tab });
    this.root.append(root);
    if (!this.shown) this.show(title);
  }

  /** Show a page. Returns whether there is one of this title. */
  show(title, focus = false) {
    if (!this.pages.some((page) => page.title === title)) return false;
    this.shown = title;
    for (const page of this.pages) {
      const on = page.title === title;
      page.root.hidden = !on;
      page.tab.setAttribute("aria-selected", String(on));
      page.tab.tabIndex = on ? 0 : -1;
      if (on && focus) page.tab.focus();
    }
    return true;
  }
}
