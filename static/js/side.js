// The pages beside the figure, as tabs: arrows go along them, and what is hidden is not drawn. Each tab has its place from
// the beginning; a page comes when it is loaded.

import { el } from "./dom.js";

let sides = 0;

export class Side {
  /** `titles`: of all pages there will be, in their order. */
  constructor(label, titles) {
    this.name = `mq-side-${++sides}`;
    this.bar = el("div", { class: "tabs", role: "tablist", "aria-label": label });
    this.root = el("aside", { class: "side", "aria-label": "Act and read" }, this.bar);
    this.pages = titles.map((title) => ({ title, root: null, tab: tabOf(title, () => this.show(title)) }));
    this.bar.append(...this.pages.map((page) => page.tab));
    this.shown = "";
    this.bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const here = this.pages.filter((page) => page.root);
      const at = here.findIndex((page) => page.title === this.shown);
      if (here.length) this.show(here[(at + step + here.length) % here.length].title, true);
    });
  }

  /** The page of one of the titles is here. */
  add(title, root) {
    const page = this.pages.find((one) => one.title === title);
    page.root = root;
    root.id = `${this.name}-${title.toLowerCase()}`;
    root.setAttribute("role", "tabpanel");
    root.setAttribute("aria-label", title);
    root.hidden = true;
    page.tab.setAttribute("aria-controls", root.id);
    page.tab.disabled = false;
    this.root.append(root);
    if (!this.shown) this.show(title);
  }

  /** Show a page. Returns whether there is one of this title. */
  show(title, focus = false) {
    if (!this.pages.some((page) => page.title === title && page.root)) return false;
    this.shown = title;
    for (const page of this.pages) {
      const on = page.title === title;
      if (page.root) page.root.hidden = !on;
      page.tab.setAttribute("aria-selected", String(on));
      page.tab.tabIndex = on ? 0 : -1;
      if (on && focus) page.tab.focus();
    }
    return true;
  }
}

function tabOf(title, press) {
  return el("button", { type: "button", role: "tab", tabIndex: -1, "aria-selected": "false", disabled: true, textContent: title, onclick: press });
}
