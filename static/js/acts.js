// The panel to act with: whom to act on, its forms, and what became of each act. The form to publish is here; those
// of the other nodes, and what the form to publish can say besides, come with act_forms.js when they are wanted.

import { choice, el, field, form, input, kindOf, nodesOf, text } from "./dom.js";
import { commandWords, seconds } from "./words.js";

const ORDER = ["you", "producer", "client", "exchange", "channel", "stream", "queue", "group", "consumer", "broker"];
const GROUPS = { you: "You", producer: "Producers", client: "Clients", exchange: "Exchanges", channel: "Channels", stream: "Streams", queue: "Queues", group: "Groups", consumer: "Consumers", broker: "Broker" };

/** What can be added, by the kind of broker. */
const NEW = {
  rabbitmq: [["+producer", "a producer…"], ["+consumer", "a consumer…"], ["+exchange", "an exchange…"], ["+queue", "a queue…"]],
  redis: [["+producer", "a producer…"], ["+subscriber", "a subscriber…"], ["+consumer", "a consumer of a group…"], ["+channel", "a channel…"], ["+stream", "a stream…"], ["+group", "a group…"]],
  sqs: [["+producer", "a producer…"], ["+consumer", "a consumer…"], ["+queue", "a queue…"]],
};
const BY_HAND = { redis: "you: send a message", sqs: "you: send a message" };
const ACTABLE = new Set(ORDER);

export class Acts {
  /** `onAct(command)`; `first`: the command that the lesson offers, or null. */
  constructor({ onAct, first }) {
    this.onAct = onAct;
    this.first = first;
    this.select = el("select", { "aria-label": "Act on" });
    this.select.addEventListener("change", () => this.choose(this.select.value));
    this.forms = el("div", { class: "forms" });
    this.state = el("p", { class: "act-state", role: "status" });
    this.wrong = el("p", { class: "error act-error", role: "alert", hidden: true });
    this.again = el("div", { class: "again", hidden: true });
    this.root = el("div", { class: "acts" },
      el("div", { class: "field on" }, el("span", { class: "soft", textContent: "Act on" }), this.select),
      this.forms, this.wrong, this.state, this.again);
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
    const formShape = this.shapeOf(scene);
    if (formShape !== this.formShape && (!this.forms.contains(document.activeElement) || !this.dirty)) this.build(formShape);
  }

  /** What the forms depend on. */
  shapeOf(scene) {
    const node = scene.nodes.get(this.chosen);
    if (!node) return `${this.chosen}|${this.shape}`;
    const links = node.what === "exchange" || node.what === "queue" ? Array.from(scene.links.keys()) : "";
    return `${this.chosen}|${node.status}|${JSON.stringify(node.settings)}|${links}|${node.what === "you" ? this.shape : ""}`;
  }

  fill(scene) {
    const groups = ORDER.map((what) => {
      const names = Array.from(scene.nodes).filter(([, node]) => node.what === what).map(([name]) => name);
      return names.length ? el("optgroup", { label: GROUPS[what] }, ...names.map((name) => el("option", { value: name, textContent: what === "you" ? (BY_HAND[kindOf(scene)] ?? "you: publish a message") : name === "amq.default" ? "(default)" : name }))) : null;
    }).filter(Boolean);
    groups.push(el("optgroup", { label: "Add" }, ...(NEW[kindOf(scene)] ?? []).map(([value, label]) => el("option", { value, textContent: label }))));
    this.select.replaceChildren(...groups);
    if (!scene.nodes.has(this.chosen) && !this.chosen.startsWith("+")) this.chosen = Array.from(scene.nodes).find(([, node]) => node.what === "you")?.[0] ?? this.select.value;
    this.select.value = this.chosen;
  }

  /** Act on this node, or add one ("+queue"). Returns whether there is anything to do with it. */
  choose(name) {
    const node = this.scene?.nodes.get(name);
    if (!name.startsWith("+") && !ACTABLE.has(node?.what)) return false;
    this.chosen = name;
    this.select.value = name;
    this.build(this.scene ? this.shapeOf(this.scene) : "");
    return true;
  }

  build(formShape) {
    const focused = this.forms.contains(document.activeElement) ? document.activeElement.className : null;
    this.formShape = formShape;
    this.dirty = false;
    this.refused("");
    const what = this.scene.nodes.get(this.chosen)?.what;
    const here = what === "you" && kindOf(this.scene) === "rabbitmq"; // the forms of the others come when they are wanted
    this.waits = !here && !this.more;
    if (this.waits) {
      this.forms.replaceChildren(el("p", { class: "soft", textContent: "Loading the forms…" }));
      this.load();
      return;
    }
    this.forms.replaceChildren(...(here ? [publish(this)] : this.more.formsOf(this, this.chosen)));
    this.forms.oninput = () => (this.dirty = true);
    if (focused !== null) (this.forms.querySelector(focused ? `.${focused.split(" ")[0]}` : "button") ?? this.forms.querySelector("button"))?.focus();
  }

  /** The forms of the other nodes. Returns a promise of their module. */
  load() {
    this.loading ??= import("./act_forms.js").then((made) => {
      this.more = made;
      if (this.waits) this.build(this.shapeOf(this.scene)); // else somebody may be typing
      return made;
    });
    return this.loading;
  }

  /** Write the client code of these commands. */
  code(place, commands) {
    import("./code_view.js").then((view) => view.write(place, commands, this.scene.nodes));
  }

  press(command, form = null) {
    this.form = form;
    this.refused("");
    this.dirty = false;
    this.onAct(command);
  }

  /** Say what is wrong, beside the control or the form that it is about. */
  refused(why, control = null) {
    this.invalid?.removeAttribute("aria-invalid");
    this.invalid = control;
    if (control) control.setAttribute("aria-invalid", "true");
    const place = control?.closest(".field") ?? (this.form?.isConnected ? this.form : this.forms);
    if (why) place.after(this.wrong);
    this.wrong.hidden = !why;
    text(this.wrong, why);
    control?.focus();
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
  offerAgain(more) {
    if (!more.length) return;
    const acts = (this.unsent = [...(this.unsent ?? []), ...more]);
    text(this.state, "");
    this.again.hidden = false;
    this.again.replaceChildren(
      el("p", { textContent: "These acts could not be stored:" }),
      el("ul", {}, ...acts.map((act) => el("li", { textContent: commandWords(act.command) }))),
      el("button", { type: "button", textContent: "Send them again", onclick: () => {
        this.again.hidden = true;
        this.unsent = [];
        for (const act of acts) this.onAct(act.command);
      } }));
  }
}

function publish(panel) {
  const { scene, first: offered } = panel;
  const first = offered?.do === "publish" ? offered : null;
  const exchanges = nodesOf(scene, "exchange").filter((name) => name !== "amq.default");
  const exchange = choice([...exchanges.map((name) => [name, name]), ["", "(default)"]], panel.exchange ?? first?.exchange ?? exchanges[0] ?? "");
  const bindings = Array.from(scene.links.values()).filter((link) => link.what === "binding");
  const key = input({ maxLength: 255, value: first?.routing_key ?? bindings[0]?.routing_key ?? "" });
  const letter = input({ maxLength: 2, size: 4, value: first?.key ?? "A" });
  const body = el("textarea", { rows: 2, value: first?.body ?? "", spellcheck: false });
  const more = el("details", {}, el("summary", { textContent: "Headers, properties, mandatory, repeat" }));
  let given = null;
  more.addEventListener("toggle", () => panel.load().then(({ publishMore }) => {
    if (given) return;
    given = publishMore();
    more.append(...given.parts);
  }), { once: true });
  const command = () => {
    const made = { do: "publish", exchange: exchange.value, routing_key: key.value };
    if (letter.value) made.key = letter.value;
    if (body.value) made.body = body.value;
    return { ...made, ...given?.read() };
  };
  return form(panel, "Publish", "Publish", command,
    el("div", { class: "pair" }, field("Exchange", exchange), field("Key on the chip", letter)),
    field("Routing key", key), field("Body", body), more);
}
