// The forms to act with on every node but you, what may be done with one press, and what else a message can say.

import { ACK, RATE, SERVICE, THEN, decimal, different, measured, number, rows, tick, whole } from "./act_parts.js";
import { addForm } from "./add_forms.js";
import { Wrong, choice, codeBox, el, field, form, input, kindAt, nodesOf } from "./dom.js";
import { offersOf } from "./offers.js";
import { redisForms } from "./redis_forms.js";
import { SQS_FORMS } from "./sqs_forms.js";

const PROPERTIES = ["content_type", "content_encoding", "delivery_mode", "priority", "expiration", "correlation_id", "reply_to", "message_id", "timestamp", "type", "user_id", "app_id"];
const NUMBERS = { delivery_mode: [1, 2], priority: [0, 255], timestamp: [0, 2 ** 40] };

/** The forms of a node, or of one to add ("+queue"), as elements. */
export function formsOf(panel, name) {
  if (name.startsWith("+")) return [addForm(panel, name.slice(1))];
  const node = panel.scene.nodes.get(name);
  return [pressed(panel, name), ...(FORMS[kindAt(panel.scene, name)]?.[node.what]?.(panel, name, node) ?? [])].filter(Boolean);
}

/** One press each; what is not offered, and why. */
function pressed(panel, name) {
  const offers = offersOf(panel.scene, name);
  const open = offers.filter((one) => !one.why);
  const closed = new Map();
  for (const { words, why, rule } of offers) if (why) closed.set(why, { rule, words: [...(closed.get(why)?.words ?? []), words] });
  const group = el("div", { class: "act-form presses", role: "group", "aria-label": `Acts on ${name}` });
  group.append(
    el("div", { class: "buttons" }, ...open.map((one) => el("button", { type: "button", class: "life", textContent: one.words, onclick: () => panel.press(one.command, group) }))),
    ...Array.from(closed, ([why, { words, rule }]) => el("p", { class: "soft not-offered" }, `Not now: ${words.join(", ")}: ${why}. `,
      rule ? el("a", { href: `/rules/#${rule}`, textContent: "the rule", class: "rule-link" }) : null)),
    codeBox(panel, () => open.map((one) => one.command)));
  return group;
}

// --- programs

function consumer(panel, name, node) {
  const { settings } = node;
  const { prefetch = 0, ack = "after", service = {}, fail = null, priority = 0 } = settings;
  const most = number(prefetch);
  const acks = choice(ACK, ack);
  const [time, readTime] = measured("Time per message, ms", service.uniform_ms ? [...SERVICE, ["uniform_ms", `as now: ${service.uniform_ms.join(" to ")}`]] : SERVICE, service.uniform_ms ? { constant_ms: (service.uniform_ms[0] + service.uniform_ms[1]) / 2 } : service);
  const then = choice(THEN, fail?.then ?? "");
  const chance = number(fail?.chance ?? 1);
  const rank = number(priority);
  const latency = number(settings.latency_ms);
  const command = () => {
    const timed = readTime();
    const changed = {
      prefetch: whole(most, 0, 65_535), ack: acks.value, priority: whole(rank, -(2 ** 31), 2 ** 31 - 1), latency_ms: decimal(latency, 0, 60_000),
      fail: then.value ? { chance: decimal(chance, 0, 1), when: fail?.when ?? {}, then: then.value } : null,
      ...("uniform_ms" in timed ? {} : { service: timed }),
    };
    if (service.uniform_ms && timed.constant_ms === (service.uniform_ms[0] + service.uniform_ms[1]) / 2) delete changed.service;
    return { do: "change", node: name, settings: different(changed, { ...settings, fail }, most) };
  };
  const factor = number(settings.slow ?? 2);
  return [
    form(panel, `Change ${name}`, "Change", command,
      el("div", { class: "pair even" }, field("Prefetch (0: no limit)", most), field("Ack", acks)), ...time,
      field("When it fails", then),
      el("details", {}, el("summary", { textContent: "Chance to fail, priority, latency" }),
        el("div", { class: "props" }, field("Chance to fail, 0 to 1", chance), field("Priority", rank), field("Latency one way, ms", latency)))),
    form(panel, `Slow ${name}`, "Slow down", () => ({ do: "slow", node: name, factor: decimal(factor, 1, 1000) }), field("So many times as slow (1: as before)", factor)),
  ];
}

function producer(panel, name, node) {
  const { settings } = node;
  const { rate = {}, publish = {}, confirms = false } = settings;
  const fixed = rate.burst || rate.script;
  const [pace, readRate] = measured("Messages a second", RATE, rate, fixed ? 1 : 0);
  const there = nodesOf(panel.scene, "exchange").filter((one) => one !== "amq.default" && !panel.scene.nodes.get(one).settings.internal);
  const exchange = choice([...new Set([...there, publish.exchange || ""])].filter(Boolean).map((one) => [one, one]).concat([["", "(default)"]]), publish.exchange ?? "");
  const key = input({ maxLength: 255, value: publish.routing_key ?? "" });
  const keys = input({ value: (publish.keys ?? []).join(", ") });
  const body = el("textarea", { rows: 2, value: publish.body ?? "", spellcheck: false });
  const [sure, sureLabel] = tick("confirms", confirms);
  const [back, backLabel] = tick("mandatory", publish.mandatory);
  const latency = number(settings.latency_ms);
  const stays = confirms && node.status === "up";
  sure.disabled = stays;
  const command = () => {
    const split = keys.value.split(",").map((one) => one.trim()).filter(Boolean);
    if (split.some((one) => one.length > 2)) throw new Wrong(keys, "Keys have one or two characters each, with commas between them.");
    const said = { exchange: exchange.value, routing_key: key.value, keys: split, body: body.value, mandatory: back.checked };
    const publishing = Object.fromEntries(Object.entries(said).filter(([one, value]) => JSON.stringify(value) !== JSON.stringify(publish[one] ?? (one === "keys" ? [] : one === "mandatory" ? false : ""))));
    const paced = readRate();
    const changed = { latency_ms: decimal(latency, 0, 60_000), confirms: sure.checked };
    if (!fixed || paced.constant !== 1) changed.rate = paced;
    if (Object.keys(publishing).length) changed.publish = publishing;
    return { do: "change", node: name, settings: different(changed, settings, latency) };
  };
  return [form(panel, `Change ${name}`, "Change", command, ...pace,
    fixed ? el("p", { class: "soft", textContent: rate.script ? "Now it follows a script." : `Now ${rate.burst.count} at once, every ${rate.burst.every_ms} ms.` }) : null,
    field("Exchange", exchange), field("Routing key", key),
    el("details", {}, el("summary", { textContent: "Keys, body, confirms, latency" }), field("Keys", keys), field("Body", body), sureLabel,
      stays ? el("p", { class: "soft", textContent: "A channel in confirm mode stays in it: to do without, crash the program, change it, and restart it." }) : null,
      backLabel, field("Latency one way, ms", latency)))];
}

// --- exchanges and queues

function bind(panel, source, destination) {
  const { scene } = panel;
  const others = source ? nodesOf(scene, "queue", "exchange").filter((one) => one !== source) : nodesOf(scene, "exchange");
  const other = choice(others.filter((one) => one !== "amq.default"));
  const key = input({ maxLength: 255 });
  const more = rows("Argument");
  const match = choice([["", "all (x-match left out)"], "all", "any", "all-with-x", "any-with-x"]);
  const command = () => {
    if (!other.value) throw new Wrong(other, source ? "There is nothing to bind to yet: add a queue first." : "There is no exchange to bind to yet: add one first.");
    const made = { do: "bind", source: source || other.value, destination: destination || other.value, routing_key: key.value };
    const { fields = {}, doubles = [] } = more.read();
    if (match.value) fields["x-match"] = match.value;
    if (Object.keys(fields).length) made.arguments = fields;
    if (doubles.length) made.doubles = doubles;
    return made;
  };
  return form(panel, "Bind", "Bind", command, field(source ? "Bind to" : "Bind from", other), field("Binding key", key),
    el("details", {}, el("summary", { textContent: "Arguments, for a headers exchange" }), field("x-match", match), more.root));
}

function bindings(panel, name) {
  const mine = Array.from(panel.scene.links.values()).filter((link) => link.what === "binding" && (link.source === name || link.target === name) && link.source !== "amq.default");
  if (!mine.length) return null;
  return el("ul", { class: "bindings act-form" }, ...mine.map((link) => el("li", {},
    el("span", {}, link.source === name ? `to ${link.target} ` : `from ${link.source} `, el("code", { textContent: link.routing_key || "(no key)" })),
    el("button", { type: "button", textContent: "Unbind", "aria-label": `Unbind ${link.source} from ${link.target}, ${link.routing_key}`, onclick: (event) => {
      const made = { do: "unbind", source: link.source, destination: link.target, routing_key: link.routing_key };
      if (link.arguments && Object.keys(link.arguments).length) made.arguments = link.arguments;
      panel.press(made, event.target.closest("ul"));
    } }))));
}

function exchange(panel, name) {
  if (name === "amq.default") {
    return [el("p", { class: "soft" }, "The default exchange routes to the queue that the routing key names. It cannot be bound: ",
      el("a", { class: "rule-link", href: "/rules/#rabbitmq/default-exchange-protected", textContent: "the rule" }))];
  }
  const here = el("button", { type: "button", textContent: `Publish to ${name}…`, onclick: () => {
    panel.exchange = name;
    panel.choose(nodesOf(panel.scene, "you")[0]);
    panel.forms.querySelector("input")?.focus();
  } });
  return [el("div", { class: "act-form" }, here), bindings(panel, name), bind(panel, name, "")];
}

const queue = (panel, name) => [bindings(panel, name), bind(panel, "", name)];

// --- the broker

const LIMITS = ["max-length", "max-length-bytes", "message-ttl", "expires", "delivery-limit"];
const NAMES = ["dead-letter-exchange", "dead-letter-routing-key", "alternate-exchange"];

function broker(panel, name, node) {
  return [el("p", { class: "soft", textContent: "Restarted, it goes down and comes up again: what is not durable is gone, and programs reconnect." }), policies(panel, name, node), policy(panel, name)];
}

function policies(panel, name, node) {
  const all = Object.entries(node.settings.policies ?? {});
  if (!all.length) return null;
  return el("ul", { class: "bindings act-form" }, ...all.map(([one, { pattern }]) => el("li", {},
    el("span", {}, `${one} for `, el("code", { textContent: pattern })),
    el("button", { type: "button", textContent: "Clear", "aria-label": `Clear the policy ${one}`, onclick: (event) => panel.press({ do: "clear_policy", node: name, policy: one }, event.target.closest("ul")) }))));
}

function policy(panel, node) {
  const called = input({ maxLength: 255 });
  const pattern = input({ maxLength: 255, value: "" });
  const rank = number(0);
  const to = choice([["all", "queues and exchanges"], "queues", "exchanges", ["classic_queues", "classic queues (since 3.12)"], ["quorum_queues", "quorum queues (since 3.12)"]]);
  const limits = LIMITS.map((key) => [key, number("")]);
  const overflow = choice([["", "(not said)"], "drop-head", "reject-publish", "reject-publish-dlx"]);
  const names = NAMES.map((key) => [key, input({ maxLength: 255 })]);
  const command = () => {
    if (!called.value) throw new Wrong(called, "Give the policy a name.");
    const definition = Object.fromEntries(limits.filter(([, one]) => one.value !== "").map(([key, one]) => [key, whole(one, 0, 2 ** 31 - 1)]));
    if (overflow.value) definition.overflow = overflow.value;
    for (const [key, one] of names) if (one.value !== "") definition[key] = one.value;
    if (!Object.keys(definition).length) throw new Wrong(limits[0][1], "Say at least one thing: a limit, an exchange…");
    const made = { do: "set_policy", node, policy: called.value, pattern: pattern.value, definition };
    const priority = whole(rank, -(2 ** 31), 2 ** 31 - 1);
    if (priority) made.priority = priority;
    if (to.value !== "all") made.apply_to = to.value;
    return made;
  };
  return form(panel, "Set a policy", "Set", command, el("div", { class: "pair even" }, field("Name of a policy", called), field("Pattern", pattern)),
    field("Max length", limits[0][1]),
    el("details", {}, el("summary", { textContent: "Other limits, dead letters, priority" }),
      el("div", { class: "props" }, ...limits.slice(1).map(([key, one]) => field(key, one)), field("overflow", overflow), ...names.map(([key, one]) => field(key, one)),
        field("Priority", rank), field("Apply to", to))));
}

/** By the kind of broker, and what the node is; `you`: what the user sends by hand (RabbitMQ's is in acts.js, where it is there at once). */
const FORMS = { rabbitmq: { consumer, producer, exchange, queue, broker }, redis: redisForms, sqs: SQS_FORMS };

// --- what else a message can say

/** {parts, read}: headers, properties, mandatory, repeat, for the form to publish. */
export function publishMore() {
  const headers = rows("Header");
  const given = PROPERTIES.map((name) => [name, name in NUMBERS ? number("") : input()]);
  const [mandatory, label] = tick("mandatory: return it if no queue takes it");
  const times = number(1);
  const every = number(0);
  const read = () => {
    const made = {};
    if (mandatory.checked) made.mandatory = true;
    const properties = given.filter(([, one]) => one.value !== "").map(([name, one]) => [name, name in NUMBERS ? whole(one, ...NUMBERS[name]) : one.value]);
    if (properties.length) made.properties = Object.fromEntries(properties);
    const { fields, doubles } = headers.read();
    if (fields) made.headers = fields;
    if (doubles?.length) made.doubles = doubles;
    if (whole(times, 1, 1000) > 1) {
      made.repeat = Number(times.value);
      const ms = decimal(every, 0, 60_000);
      if (ms > 0 && ms < 1) throw new Wrong(every, "Write 0 for all at once, or at least 1 ms.");
      if (ms) made.every_ms = ms;
    }
    return made;
  };
  const parts = [headers.root, el("div", { class: "pair even" }, field("How many", times), field("Each after, ms (0: at once)", every)), label,
    el("div", { class: "props" }, ...given.map(([name, one]) => field(name.replaceAll("_", " "), one)))];
  return { parts, read };
}
