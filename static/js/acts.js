// The panel to act with: whom to act on, its forms, the first act on offer, the goals, and what became of each act.

import { el, text } from "./dom.js";
import { ACTABLE, formsOf } from "./forms.js";
import { commandWords, seconds } from "./words.js";

const ORDER = ["you", "producer", "exchange", "queue", "consumer", "broker"];
const GROUPS = { you: "You", producer: "Producers", exchange: "Exchanges", queue: "Queues", consumer: "Consumers", broker: "Broker" };
const SIGNS = { open: "○", met: "✓", broken: "✗" };

export class Acts {
  /** `onAct(command)`; `first`: {say, command} or null; `goals`: sentences. */
  constructor({ onAct, first, goals }) {
    this.onAct = onAct;
    this.first = first;
    this.select = el("select", { "aria-label": "Act on" });
    this.select.addEventListener("change", () => this.choose(this.select.value));
    this.forms = el("div", { class: "forms" });
    this.state = el("p", { class: "act-state", role: "status" });
    this.wrong = el("p", { class: "error act-error", role: "alert", hidden: true });
    this.again = el("div", { class: "again", hidden: true });
    this.goals = goals.map((say) => {
      const sign = el("span", { class: "sign", textContent: SIGNS.open, "aria-hidden": "true" });
      const words = el("span", { class: "visually-hidden", textContent: " (open)" });
      return { sign, words, root: el("li", {}, sign, el("span", {}, say, words)) };
    });
    this.offer = first ? el("div", { class: "offer" }, el("p", { textContent: first.say }), el("button", { type: "button", class: "first", textContent: words(first.command), onclick: () => this.press(first.command, null) })) : null;
    this.root = el("div", { class: "acts" },
      this.offer,
      el("div", { class: "field on" }, el("span", { class: "soft", textContent: "Act on" }), this.select),
      this.forms, this.wrong, this.state, this.again,
      this.goals.length ? el("section", { class: "goals" }, el("h3", { textContent: "Goals" }), el("ul", {}, ...this.goals.map((goal) => goal.root))) : null);
    this.shape = "";
    this.chosen = "";
    this.formShape = "";
  }

  /** Follow the scene; forms are made anew only where what they offer has changed and nobody is in them. */
  draw(scene) {
    const shape = `${Array.from(scene.nodes.keys())}`;
    if (shape !== this.shape) {
      this.shape = shape;
      this.fill(scene);
    }
    this.scene = scene;
    if (this.chosen && scene.nodes.has(this.chosen)) {
      const node = scene.nodes.get(this.chosen);
      const links = node.what === "exchange" || node.what === "queue" ? Array.from(scene.links.keys()) : "";
      const formShape = `${this.chosen}|${node.status}|${JSON.stringify(node.settings)}|${links}`;
      if (formShape !== this.formShape && (!this.forms.contains(document.activeElement) || !this.dirty)) this.build(formShape);
    }
    scene.goals.forEach((state, n) => {
      const goal = this.goals[n];
      if (!goal) return;
      text(goal.sign, SIGNS[state]);
      text(goal.words, ` (${state})`);
      goal.root.className = state;
    });
  }

  fill(scene) {
    const groups = ORDER.map((what) => {
      const names = Array.from(scene.nodes).filter(([, node]) => node.what === what).map(([name]) => name);
      return names.length ? el("optgroup", { label: GROUPS[what] }, ...names.map((name) => el("option", { value: name, textContent: what === "you" ? "you: publish a message" : name === "amq.default" ? "(default)" : name }))) : null;
    }).filter(Boolean);
    this.select.replaceChildren(...groups);
    if (!scene.nodes.has(this.chosen)) this.chosen = Array.from(scene.nodes).find(([, node]) => node.what === "you")?.[0] ?? this.select.value;
    this.select.value = this.chosen;
  }

  /** Act on this node. Returns whether there is anything to do with it. */
  choose(name) {
    const node = this.scene?.nodes.get(name);
    if (!node || !ACTABLE.includes(node.what)) return false;
    this.chosen = name;
    this.select.value = name;
    this.build("");
    return true;
  }

  build(formShape) {
    const focused = this.forms.contains(document.activeElement) ? document.activeElement.className : null;
    this.formShape = formShape;
    this.dirty = false;
    this.forms.replaceChildren(...formsOf(this.scene, this.chosen, (command, form, why) => this.press(command, form, why), this.first?.command.do === "publish" ? this.first.command : null));
    this.forms.oninput = () => (this.dirty = true);
    if (focused !== null) (this.forms.querySelector(focused ? `.${focused.split(" ")[0]}` : "button") ?? this.forms.querySelector("button"))?.focus();
  }

  press(command, form, why) {
    this.refused("");
    if (!command) return this.refused(why);
    this.dirty = false;
    this.onAct(command);
  }

  refused(why) {
    this.wrong.hidden = !why;
    text(this.wrong, why);
  }

  pending(command) {
    text(this.state, `${commandWords(command)}: on its way…`);
    this.state.className = "act-state pending";
  }

  done(command, t) {
    text(this.state, `${commandWords(command)} at ${seconds(t)} s. Saving…`);
    this.state.className = "act-state unsaved";
  }

  saved(all) {
    if (!all) return;
    text(this.state, this.state.textContent.replace("Saving…", "Saved."));
    this.state.className = "act-state";
  }

  no(frame, act) {
    this.refused(frame.why);
    if (act) text(this.state, "");
  }

  /** Acts that could not be stored are kept here and offered again. */
  offerAgain(acts) {
    this.again.hidden = acts.length === 0;
    this.again.replaceChildren(
      el("p", { textContent: "These acts could not be stored:" }),
      el("ul", {}, ...acts.map((act) => el("li", { textContent: commandWords(act.command) }))),
      el("button", { type: "button", textContent: "Send them again", onclick: () => {
        this.again.hidden = true;
        for (const act of acts) this.onAct(act.command);
      } }));
  }
}

function words(command) {
  const said = commandWords(command);
  return said[0].toUpperCase() + said.slice(1);
}
