// What to compare with: another future, this one without one of its acts, or with one setting changed from the beginning.

import { choice, el, field } from "./dom.js";
import { commandWords, futureWords, seconds } from "./words.js";

const whole = (value) => Math.round(Number(value));

/** The settings of a program that can be changed here: [name, words, control, value -> setting]. */
function settingsOf(node) {
  const number = (value, max) => el("input", { type: "number", min: 0, max, value, step: "any", required: true });
  if (node.what === "consumer") {
    return [
      ["prefetch", "Prefetch (0: no limit)", number(node.settings.prefetch ?? 0, 65535), whole],
      ["ack", "Ack", choice([["after", "after the work"], ["before", "before the work"], ["auto", "automatic (no ack)"]], node.settings.ack), (value) => value],
      ["service", "Each message takes, in ms", number(node.settings.service?.constant_ms ?? 500, 3_600_000), (value) => ({ constant_ms: Number(value) })],
    ];
  }
  return [["rate", "Messages a second", number(node.settings.rate?.constant ?? node.settings.rate?.poisson ?? 1, 1000), (value) => ({ constant: Number(value) })]];
}

export class Choose {
  constructor(stage, comparing) {
    this.stage = stage;
    this.comparing = comparing;
    this.body = el("div", { class: "choose" });
    this.dialog = el("dialog", { class: "choose-dialog", "aria-label": "Compare" },
      el("div", { class: "differences-head" }, el("h2", { textContent: "Compare this future with…" }), el("button", { type: "button", textContent: "Close", onclick: () => this.dialog.close() })),
      this.body);
    stage.append(this.dialog);
  }

  show() {
    const line = this.stage.playhead.timeline;
    if (!line) return;
    this.body.replaceChildren(this.another(line.future), this.without(line.future), this.changed(line.scene));
    this.dialog.showModal();
  }

  done(what) {
    this.dialog.close();
    what();
  }

  another(future) {
    const { tree } = this.stage;
    const others = Array.from(tree.acts.values()).filter((act) => act.id !== future).reverse().map((act) => [act.id, futureWords(tree.path(act.id))]);
    if (future !== "0") others.push(["0", "the lab without any act"]);
    const section = el("section", {}, el("h3", { textContent: "Another future" }));
    if (!others.length) {
      section.append(el("p", { class: "soft", textContent: "There is none yet. Act, and there are two: with your act and without it." }));
      return section;
    }
    const select = choice(others, tree.others(future)[0]?.id ?? (future === "0" ? others[0][0] : "0"));
    section.append(el("form", { class: "choose-row", onsubmit: (event) => {
      event.preventDefault();
      this.done(() => this.comparing.open(select.value));
    } }, field("Future to compare with", select), el("button", { type: "submit", textContent: "Compare" })));
    return section;
  }

  without(future) {
    const path = this.stage.tree.path(future);
    const list = el("ul", { class: "choose-list" }, ...path.map((act) => el("li", {}, el("button", {
      type: "button", textContent: `without ${commandWords(act.command)} at ${seconds(act.t)} s`, onclick: () => this.done(() => this.comparing.withoutAct(act)),
    }))));
    return el("section", {}, el("h3", { textContent: "The same without one act" }),
      path.length ? list : el("p", { class: "soft", textContent: "This future has no act to leave out." }));
  }

  changed(scene) {
    const nodes = Array.from(scene.nodes).filter(([, node]) => node.what === "consumer" || node.what === "producer");
    const programs = choice(nodes.map(([name]) => name), nodes.find(([, node]) => node.what === "consumer")?.[0]);
    const title = el("h3", { textContent: "The same with one setting changed from the beginning" });
    if (!nodes.length) return el("section", {}, title, el("p", { class: "soft", textContent: "There is no producer or consumer whose setting could be another." }));
    const box = el("div", { class: "choose-setting" });
    let shown = [];
    const settings = choice([]);
    const fill = () => {
      shown = settingsOf(scene.nodes.get(programs.value));
      settings.replaceChildren(...shown.map(([name, words]) => el("option", { value: name, textContent: words })));
      value();
    };
    const value = () => box.replaceChildren(field("Value", shown.find(([name]) => name === settings.value)[2]));
    programs.addEventListener("change", fill);
    settings.addEventListener("change", value);
    fill();
    return el("section", {}, title,
      el("form", { class: "choose-row", onsubmit: (event) => {
        event.preventDefault();
        const [name, , control, read] = shown.find(([one]) => one === settings.value);
        this.done(() => this.comparing.withChange({ do: "change", node: programs.value, settings: { [name]: read(control.value) } }));
      } }, field("Program", programs), field("Setting", settings), box, el("button", { type: "submit", textContent: "Compare" })));
  }
}
