// The forms that add a producer, a consumer, an exchange or a queue to a running lab.

import { ACK, RATE, SERVICE, THEN, decimal, measured, number, tick, whole } from "./act_parts.js";
import { Wrong, choice, el, field, form, input, kindOf, nodesOf } from "./dom.js";
import { addRedis } from "./redis_forms.js";
import { SQS_ADD } from "./sqs_forms.js";

const ARTICLES = { producer: "a producer", consumer: "a consumer", exchange: "an exchange", queue: "a queue" };

/** The form that adds one of these. */
export function addForm(panel, what) {
  if (kindOf(panel.scene) === "redis") return addRedis(panel, what, freeName(panel.scene, what));
  const name = input({ maxLength: 255, value: freeName(panel.scene, what) });
  const { parts, read } = MAKE[kindOf(panel.scene)][what](panel.scene);
  const command = () => {
    if (!name.value) throw new Wrong(name, "Give it a name.");
    if (panel.scene.nodes.has(name.value)) throw new Wrong(name, `${name.value} is there already: choose another name.`);
    return { do: "add", node: name.value, what, settings: read() };
  };
  return form(panel, `Add ${ARTICLES[what]}`, `Add ${what}`, command, field("Name", name), ...parts);
}

/** A name that nothing has: queue-a, queue-b… A number at its end would look like a message's. */
function freeName(scene, what) {
  const letters = Array.from("abcdefghijklmnopqrstuvwxyz");
  return letters.map((letter) => `${what}-${letter}`).find((one) => !scene.nodes.has(one)) ?? "";
}

function producer(scene) {
  const exchange = choice([...nodesOf(scene, "exchange").filter((one) => one !== "amq.default").map((one) => [one, one]), ["", "(default)"]]);
  const first = Array.from(scene.links.values()).find((link) => link.what === "binding" && link.source === exchange.value);
  const key = input({ maxLength: 255, value: first?.routing_key.replace(/[*#]/g, "a") ?? "" });
  const keys = input({ value: "A, B, C" });
  const [pace, readRate] = measured("Messages a second", RATE, {}, 2);
  const [sure, sureLabel] = tick("confirms");
  const [back, backLabel] = tick("mandatory");
  const latency = number(60);
  const read = () => {
    const split = keys.value.split(",").map((one) => one.trim()).filter(Boolean);
    if (split.some((one) => one.length > 2)) throw new Wrong(keys, "Keys have one or two characters each, with commas between them.");
    return { publish: { exchange: exchange.value, routing_key: key.value, keys: split, mandatory: back.checked }, rate: readRate(), confirms: sure.checked, latency_ms: decimal(latency, 0, 60_000) };
  };
  return { parts: [field("Publishes to", exchange), field("Routing key", key), field("Keys on the chips", keys), ...pace, sureLabel, backLabel, field("Latency one way, ms", latency)], read };
}

function consumer(scene) {
  const queue = choice(nodesOf(scene, "queue"));
  const prefetch = number(1);
  const ack = choice(ACK);
  const [time, readTime] = measured("Time per message, ms", SERVICE, {}, 400);
  const then = choice(THEN);
  const chance = number(1);
  const replicas = number(1);
  const priority = number(0);
  const latency = number(60);
  const read = () => {
    if (!queue.value) throw new Wrong(queue, "There is no queue to consume from yet: add one first.");
    return {
      queue: queue.value, prefetch: whole(prefetch, 0, 65_535), ack: ack.value, service: readTime(), replicas: whole(replicas, 1, 100),
      priority: whole(priority, -(2 ** 31), 2 ** 31 - 1), latency_ms: decimal(latency, 0, 60_000),
      ...(then.value ? { fail: { chance: decimal(chance, 0, 1), then: then.value } } : {}),
    };
  };
  return {
    parts: [field("Consumes from", queue), el("div", { class: "pair even" }, field("Prefetch (0: no limit)", prefetch), field("Ack", ack)), ...time,
      el("details", {}, el("summary", { textContent: "Failures, replicas, priority, latency" }),
        el("div", { class: "props" }, field("When it fails", then), field("Chance to fail, 0 to 1", chance), field("Replicas", replicas), field("Priority", priority), field("Latency one way, ms", latency)))],
    read,
  };
}

function exchange(scene) {
  const type = choice(["topic", "direct", "fanout", "headers"]);
  const alternate = choice([["", "none"], ...nodesOf(scene, "exchange").filter((one) => one !== "amq.default").map((one) => [one, one])]);
  const [durable, durableLabel] = tick("durable", true);
  const [auto, autoLabel] = tick("deleted with its last binding");
  const [inner, innerLabel] = tick("internal: only exchanges publish to it");
  const read = () => ({
    type: type.value, durable: durable.checked, auto_delete: auto.checked, internal: inner.checked,
    arguments: alternate.value ? { "alternate-exchange": alternate.value } : {},
  });
  return { parts: [field("Type", type), field("Alternate exchange", alternate), durableLabel, autoLabel, innerLabel], read };
}

const LIMITS = [
  ["x-message-ttl", "Time to live, ms", 0, 12 * 3600 * 1000],
  ["x-max-length", "Most messages", 0, 2 ** 31 - 1],
  ["x-max-length-bytes", "Most bytes", 0, 2 ** 31 - 1],
  ["x-delivery-limit", "Delivery limit (quorum)", -1, 2 ** 31 - 1],
  ["x-max-priority", "Highest priority (classic)", 0, 255],
  ["x-expires", "Gone when unused so long, ms", 1, 12 * 3600 * 1000],
];

function queue(scene) {
  const type = choice(["classic", "quorum"]);
  const limits = LIMITS.map(([argument, label, low, high]) => [argument, label, number(""), low, high]);
  const overflow = choice([["", "drop the oldest"], ["reject-publish", "reject the new one"], ["reject-publish-dlx", "dead-letter the new one"]]);
  const dead = choice([["", "none"], ...nodesOf(scene, "exchange").filter((one) => one !== "amq.default").map((one) => [one, one])]);
  const deadKey = input({ maxLength: 255 });
  const [auto, autoLabel] = tick("deleted with its last consumer");
  const [single, singleLabel] = tick("a single active consumer");
  const read = () => {
    const args = {};
    if (type.value !== "classic") args["x-queue-type"] = type.value;
    for (const [argument, , control, low, high] of limits) if (control.value !== "") args[argument] = whole(control, low, high);
    if (overflow.value) args["x-overflow"] = overflow.value;
    if (dead.value) args["x-dead-letter-exchange"] = dead.value;
    if (deadKey.value) args["x-dead-letter-routing-key"] = deadKey.value;
    if (single.checked) args["x-single-active-consumer"] = true;
    return { durable: true, auto_delete: auto.checked, arguments: args };
  };
  return {
    parts: [field("Type", type), el("details", {}, el("summary", { textContent: "Limits, dead letters" }),
      el("div", { class: "props" }, ...limits.map(([, label, control]) => field(label, control)), field("When it is full", overflow), field("Dead letters go to", dead), field("with routing key", deadKey)), singleLabel, autoLabel)],
    read,
  };
}

const MAKE = { rabbitmq: { producer, consumer, exchange, queue }, sqs: SQS_ADD };
