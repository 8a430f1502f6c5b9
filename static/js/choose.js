// What to compare with: another future, this one without one of its acts, or with one setting changed from the beginning.

import { choice, el, field } from "./dom.js";
import { commandWords, futureWords, seconds } from "./words.js";

const CHANGED = new Set(["producer", "consumer", "queue"]);
const whole = (value) => Math.round(Number(value));

/** The settings of a program or a queue that can be changed here: [name, words, control, value -> setting]. */
function settingsOf(node) {
  const number = (value, max) => el("input", { type: "number", min: 0, max, value, step: "any", required: true });
  if (node.what === "queue") {
    const { settings } = node;
    const limits = [
      ["max-length", "max-length", number(settings.max_length ?? 3, 1_000_000), whole],
      ["message-ttl", "message-ttl, ms", number(settings.message_ttl_ms ?? 2_000, 3_600_000), whole],
      ...(settings.type === "quorum" ? [["delivery-limit", "delivery-limit", number(settings.delivery_limit ?? 3, 1_000), whole]] : []),
    ];
    return limits.filter(([name]) => settings.arguments?.[`x-${name}`] === undefined); // beside its own argument the smaller wins
  }
  if (node.what === "consumer") {
    return [
      ["prefetch", "Prefetch (0: no limit)", number(node.settings.prefetch ?? 0, 65535), whole],
      ["ack", "Ack", choice([["after", "after the work"], ["before", "before the work"], ["auto", "automatic (no ack)"]], node.settings.ack), (value) => value],
      ["service", "Each message takes, in ms", number(node.settings.service?.constant_ms ?? 500, 3_600_000), (value) => ({ constant_ms: Number(value) })],
    ];
  }
  return [["rate", "Messages a second", number(node.settings.rate?.constant ?? node.settings.rate?.poisson ?? 1, 1000), (value) => ({ constant: Number(value) })]];
}

/** The act that changes it: of a program its own setting; of a queue, whose arguments stay, what a policy says of it. */
function changing(name, node, scene, field, value) {
  if (node.what !== "queue") return { do: "change", node: name, settings: { [field]: value } };
  const { broker, policy } = node.settings;
  const { policies = {} } = scene.nodes.get(broker).settings;
  return {
    do: "set_policy", node: broker, policy: "compare", pattern: `^${name.replace(/[.\\^$*+?()[\]{}|]/g, "\\$&")}$`,
    definition: { ...policies[policy]?.definition, [field]: value }, apply_to: "queues",
    priority: Math.max(0, ...Object.values(policies).map((one) => one.priority ?? 0)) + 1, // only one applies
  };
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
    const nodes = Array.from(scene.nodes).filter(([, node]) => CHANGED.has(node.what) && settingsOf(node).length);
    const programs = choice(nodes.map(([name]) => name), nodes.find(([, node]) => node.what === "consumer")?.[0]);
    const title = el("h3", { textContent: "The same with one setting changed from the beginning" });
    if (!nodes.length) return el("section", {}, title, el("p", { class: "soft", textContent: "There is no producer or consumer whose setting could be another." }));
    const box = el("div", { class: "choose-setting" });
    let shown = [];
    const settings = choice([]);
    const why = el("p", { class: "choose-why soft", textContent: "A queue keeps the arguments that it was declared with; what can be changed is a policy, which this adds." });
    const fill = () => {
      why.hidden = scene.nodes.get(programs.value).what !== "queue";
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
        const command = changing(programs.value, scene.nodes.get(programs.value), scene, name, read(control.value));
        this.done(() => this.comparing.withChange(command));
      } }, field("Program or queue", programs), field("Setting", settings), box, el("button", { type: "submit", textContent: "Compare" })), why);
  }
}
