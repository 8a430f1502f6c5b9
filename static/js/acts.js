// The panel to act with: whom to act on, its forms, and what became of each act.

import { choice, el, field, text } from "./dom.js";
import { commandWords, seconds } from "./words.js";

const ORDER = ["you", "producer", "exchange", "queue", "consumer", "broker"];
const GROUPS = { you: "You", producer: "Producers", exchange: "Exchanges", queue: "Queues", consumer: "Consumers", broker: "Broker" };

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
    if (this.chosen && scene.nodes.has(this.chosen)) {
      const node = scene.nodes.get(this.chosen);
      const links = node.what === "exchange" || node.what === "queue" ? Array.from(scene.links.keys()) : "";
      const formShape = `${this.chosen}|${node.status}|${JSON.stringify(node.settings)}|${links}`;
      if (formShape !== this.formShape && (!this.forms.contains(document.activeElement) || !this.dirty)) this.build(formShape);
    }
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
    this.forms.replaceChildren(...formsOf(this.scene, this.chosen, (command, form, why) => this.press(command, form, why), this.first?.do === "publish" ? this.first : null));
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

// The forms to act with, one for each kind of node. Each gives the command that its button stands for.

const TYPES = [["text", "text"], ["number", "number"], ["truth", "yes/no"]];
const PROPERTIES = ["content_type", "delivery_mode", "priority", "expiration", "correlation_id", "reply_to", "message_id", "type", "app_id"];
const NUMBERS = new Set(["delivery_mode", "priority"]);
const exchangeName = (node) => (node === "amq.default" ? "" : node);

function form(legend, button, command, act, ...parts) {
  const made = el("form", { class: "act-form", "aria-label": legend }, ...parts, el("button", { type: "submit", textContent: button }));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      act(command(), made);
    } catch (error) {
      act(null, made, error.message);
    }
  });
  return made;
}

/** Rows of name, type and value; `read` gives an object or undefined. */
function rows(label) {
  const list = el("div", { class: "rows" });
  const add = () => {
    const name = el("input", { placeholder: "name", "aria-label": `${label}: name`, autocomplete: "off" });
    const type = choice(TYPES);
    type.setAttribute("aria-label", `${label}: type`);
    const value = el("input", { placeholder: "value", "aria-label": `${label}: value`, autocomplete: "off" });
    const row = el("div", { class: "row" }, name, type, value, el("button", {
      type: "button", textContent: "×", "aria-label": `Remove this ${label.toLowerCase()}`, onclick: () => {
        row.remove();
        more.focus();
      },
    }));
    row.read = () => [name.value, typed(name.value, type.value, value.value)];
    list.append(row);
    return name;
  };
  const more = el("button", { type: "button", class: "quiet", textContent: `Add ${label.toLowerCase()}`, onclick: () => add().focus() });
  const read = () => {
    const pairs = Array.from(list.children, (row) => row.read()).filter(([name]) => name !== "");
    return pairs.length ? Object.fromEntries(pairs) : undefined;
  };
  return { root: el("div", { class: "field" }, list, more), read };
}

function typed(name, type, value) {
  if (type === "text") return value;
  if (type === "truth") {
    if (!/^(yes|no|true|false)$/i.test(value)) throw new Error(`${name}: write yes or no.`);
    return /^(yes|true)$/i.test(value);
  }
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number)) throw new Error(`${name}: “${value}” is no number.`);
  return number;
}

const input = (is = {}) => el("input", { autocomplete: "off", spellcheck: false, ...is });
const nodesOf = (scene, ...whats) => Array.from(scene.nodes).filter(([, node]) => whats.includes(node.what)).map(([name]) => name);

function publish(scene, act, first) {
  const exchanges = nodesOf(scene, "exchange").filter((name) => name !== "amq.default");
  const exchange = choice([...exchanges.map((name) => [name, name]), ["", "(default)"]], exchanges[0] ?? "");
  const bindings = Array.from(scene.links.values()).filter((link) => link.what === "binding");
  const key = input({ maxLength: 255, value: first?.routing_key ?? bindings[0]?.routing_key ?? "" });
  const letter = input({ maxLength: 2, size: 4, value: first?.key ?? "A" });
  const body = el("textarea", { rows: 2, value: first?.body ?? "", spellcheck: false });
  const mandatory = el("input", { type: "checkbox" });
  const headers = rows("Header");
  const given = PROPERTIES.map((name) => [name, input({ size: 12 })]);
  const command = () => {
    const made = { do: "publish", exchange: exchange.value, routing_key: key.value };
    if (letter.value) made.key = letter.value;
    if (body.value) made.body = body.value;
    if (mandatory.checked) made.mandatory = true;
    const properties = given.filter(([, one]) => one.value !== "").map(([name, one]) => [name, NUMBERS.has(name) ? typed(name, "number", one.value) : one.value]);
    if (properties.length) made.properties = Object.fromEntries(properties);
    const more = headers.read();
    if (more) made.headers = more;
    return made;
  };
  return [form("Publish", "Publish", command, act,
    el("div", { class: "pair" }, field("Exchange", exchange), field("Key on the chip", letter)),
    field("Routing key", key), field("Body", body),
    el("details", {}, el("summary", { textContent: "Headers, properties, mandatory" }), headers.root,
      el("div", { class: "props" }, ...given.map(([name, one]) => field(name.replaceAll("_", " "), one))),
      el("label", { class: "check" }, mandatory, " mandatory: return it if no queue takes it")))];
}

function life(name, node, act) {
  const up = node.status === "up";
  const again = node.status === "waits" ? "Start" : "Restart";
  return el("div", { class: "act-form" }, el("button", {
    type: "button", class: "life", textContent: up ? `Crash ${name}` : `${again} ${name}`, onclick: (event) => act({ do: up ? "crash" : "restart", node: name }, event.target.parentNode),
  }));
}

function number(value, is) {
  return input({ type: "number", min: 0, value: value ?? "", ...is });
}

function change(name, controls, act) {
  const command = () => {
    const settings = {};
    for (const [setting, control, first, make] of controls) if (control.value !== String(first ?? "")) settings[setting] = make(control.value);
    if (!Object.keys(settings).length) throw new Error("Nothing is different yet: change a value first.");
    return { do: "change", node: name, settings };
  };
  return form(`Change ${name}`, "Change", command, act, ...controls.map(([, control, , , label]) => field(label, control)));
}

function whole(label) {
  return (value) => {
    if (!/^\d+$/.test(value)) throw new Error(`${label}: write a whole number.`);
    return Number(value);
  };
}

function consumer(scene, act, name) {
  const node = scene.nodes.get(name);
  const { prefetch = 0, ack = "after", service = {}, fail = null } = node.settings;
  const service_ms = service.constant_ms ?? service.exponential_ms ?? service.uniform_ms?.[1];
  const kind = service.exponential_ms !== undefined ? "exponential_ms" : "constant_ms";
  return [life(name, node, act), change(name, [
    ["prefetch", number(prefetch, { max: 65535 }), prefetch, whole("Prefetch"), "Prefetch (0: no limit)"],
    ["ack", choice([["after", "after the work"], ["before", "before the work"], ["auto", "automatic (no ack)"]], ack), ack, (value) => value, "Ack"],
    ["service", number(service_ms, { step: "any" }), service_ms, (value) => ({ [kind]: typed("Time per message", "number", value) }), `Time per message, ms${service.uniform_ms ? ` (now ${service.uniform_ms.join(" to ")})` : kind === "exponential_ms" ? " (on average)" : ""}`],
    ...(fail ? [["fail", choice([["nack_requeue", "nack, requeue"], ["reject_requeue", "reject, requeue"], ["reject", "reject for good"]], fail.then), fail.then, (then) => ({ ...fail, then }), "When it fails"]] : []),
  ], act)];
}

function producer(scene, act, name) {
  const node = scene.nodes.get(name);
  const rate = node.settings.rate ?? {};
  const kind = rate.poisson !== undefined ? "poisson" : "constant";
  const per_s = rate.constant ?? rate.poisson;
  return [life(name, node, act), change(name, [
    ["rate", number(per_s, { max: 1000, step: "any" }), per_s, (value) => ({ [kind]: typed("Rate", "number", value) }), "Messages a second"],
  ], act)];
}

function binding(scene, act, source, destination) {
  const other = source ? choice(nodesOf(scene, "queue", "exchange").filter((one) => one !== source && one !== "amq.default")) : choice(nodesOf(scene, "exchange").filter((one) => one !== "amq.default"));
  const key = input({ maxLength: 255 });
  const more = rows("Argument");
  const command = () => {
    const made = { do: "bind", source: source || other.value, destination: destination || other.value, routing_key: key.value };
    const args = more.read();
    if (args) made.arguments = args;
    return made;
  };
  return form("Bind", "Bind", command, act, field(source ? "To" : "From", other), field("Binding key", key),
    el("details", {}, el("summary", { textContent: "Arguments" }), more.root));
}

function bindings(scene, act, name) {
  const mine = Array.from(scene.links.values()).filter((link) => link.what === "binding" && (link.source === name || link.target === name) && link.source !== "amq.default");
  if (!mine.length) return null;
  return el("ul", { class: "bindings act-form" }, ...mine.map((link) => el("li", {},
    el("span", {}, link.source === name ? `to ${link.target} ` : `from ${link.source} `, el("code", { textContent: link.routing_key || "(no key)" })),
    el("button", { type: "button", textContent: "Unbind", "aria-label": `Unbind ${link.source} from ${link.target}, ${link.routing_key}`, onclick: (event) => {
      const made = { do: "unbind", source: link.source, destination: link.target, routing_key: link.routing_key };
      if (link.arguments && Object.keys(link.arguments).length) made.arguments = link.arguments;
      act(made, event.target.closest("ul"));
    } }))));
}

function exchange(scene, act, name) {
  if (name === "amq.default") return [el("p", { class: "soft", textContent: "The default exchange routes to the queue that the routing key names. It cannot be bound." })];
  return [bindings(scene, act, name), binding(scene, act, exchangeName(name), "")];
}

function queue(scene, act, name) {
  return [
    el("div", { class: "act-form" }, el("button", { type: "button", textContent: "Purge what is ready", onclick: (event) => act({ do: "purge", queue: name }, event.target.parentNode) })),
    bindings(scene, act, name), binding(scene, act, "", name),
  ];
}

function broker(scene, act, name) {
  return [el("div", { class: "act-form" },
    el("button", { type: "button", textContent: `Restart ${name}`, onclick: (event) => act({ do: "restart", node: name }, event.target.parentNode) }),
    el("p", { class: "soft", textContent: "It goes down and comes up again. What is not durable is gone; programs reconnect." }))];
}

const FORMS = { you: publish, consumer, producer, exchange, queue, broker };

export const ACTABLE = Object.keys(FORMS);

/** The forms of a node, as elements. */
export function formsOf(scene, name, act, first) {
  const what = scene.nodes.get(name).what;
  return FORMS[what](scene, act, what === "you" ? first : name).filter(Boolean);
}
