// The forms to act with on SQS: what you send and receive by hand, settings of programs and queues, and what is added.

import { RATE, SERVICE, decimal, different, measured, number, whole } from "./act_parts.js";
import { Wrong, choice, el, field, form, input, nodesOf } from "./dom.js";

const DELETE = [["after", "after the work"], ["batch", "a receive's all together"], ["before", "before the work"], ["never", "never"]];
const THEN = [["", "it never fails"], ["leave", "leave it: it comes back"], ["release", "release it: visible at once"], ["delete", "delete it all the same"]];
const AFTER = [["delete", "delete them"], ["release", "release them"], ["leave", "leave them in flight"]];

const whether = (control, low, high) => (control.value.trim() === "" ? null : whole(control, low, high));
const isFifo = (scene, name) => scene.nodes.get(name)?.settings.type === "fifo";

function keysOf(control) {
  const split = control.value.split(",").map((one) => one.trim()).filter(Boolean);
  if (split.some((one) => one.length > 2)) throw new Wrong(control, "Keys have one or two characters each, with commas between them.");
  return split;
}

// --- by hand

function you(panel) {
  const { scene, first: offered } = panel;
  const first = offered?.do === "send" ? offered : null;
  const queue = choice(nodesOf(scene, "queue"), panel.queue ?? first?.queue);
  const letter = input({ maxLength: 2, size: 4, value: first?.key ?? "A" });
  const body = el("textarea", { rows: 2, value: first?.body ?? "hello", spellcheck: false });
  const group = input({ maxLength: 128, value: first?.group_id ?? "" });
  const dedup = input({ maxLength: 128, value: first?.deduplication_id ?? "" });
  const delay = number(first?.delay_seconds ?? "");
  const times = number(first?.repeat ?? 1);
  const every = number(0);
  const command = () => {
    if (!queue.value) throw new Wrong(queue, "There is no queue to send to yet: add one first.");
    const made = { do: "send", queue: queue.value, body: body.value };
    if (letter.value) made.key = letter.value;
    if (group.value) made.group_id = group.value;
    if (dedup.value) made.deduplication_id = dedup.value;
    const seconds = whether(delay, -900, 1800);
    if (seconds !== null) made.delay_seconds = seconds;
    if (whole(times, 1, 1000) > 1) made.repeat = Number(times.value);
    const ms = decimal(every, 0, 60_000);
    if (ms > 0 && ms < 1) throw new Wrong(every, "Write 0 for all at once, or at least 1 ms.");
    if (made.repeat && ms) made.every_ms = ms;
    return made;
  };
  return [form(panel, "Send a message", "Send", command,
    el("div", { class: "pair" }, field("Queue", queue), field("Key on the chip", letter)),
    field("MessageBody", body), field("MessageGroupId", group),
    el("details", {}, el("summary", { textContent: "Deduplication id, delay, repeat" }),
      el("div", { class: "props" }, field("MessageDeduplicationId ({n}: the message's number)", dedup), field("DelaySeconds", delay), field("How many", times), field("Each after, ms (0: at once)", every))))];
}

function receive(panel, name) {
  const most = number(1);
  const then = choice(AFTER, "delete");
  const hidden = number("");
  const command = () => {
    const made = { do: "receive", queue: name, count: whole(most, 1, 10), then: then.value };
    const seconds = whether(hidden, 0, 43_200);
    return seconds === null ? made : { ...made, visibility_timeout: seconds };
  };
  return form(panel, "Receive by hand (a short poll)", "Receive", command,
    el("div", { class: "pair even" }, field("MaxNumberOfMessages", most), field("And then", then)), field("VisibilityTimeout, s", hidden));
}

// --- queues

const ATTRIBUTES = [
  ["VisibilityTimeout", 30, 0, 43_200], ["DelaySeconds", 0, 0, 900], ["ReceiveMessageWaitTimeSeconds", 0, 0, 20],
  ["MessageRetentionPeriod", 345_600, 60, 1_209_600], ["MaximumMessageSize", 1_048_576, 1_024, 1_048_576],
];

/** Controls for a queue's attributes, and what reads those that were given. */
function attributesOf(scene, now, name) {
  const numbers = ATTRIBUTES.map(([attribute, usual, low, high]) => [attribute, number(now[attribute] ?? "", { placeholder: usual }), low, high]);
  const dead = choice([["", "none"], ...nodesOf(scene, "queue").filter((one) => one !== name).map((one) => [one, one])], now.dead ?? "");
  const most = number(now.most ?? 3);
  const read = () => {
    const given = Object.fromEntries(numbers.filter(([, one]) => one.value !== "").map(([attribute, one, low, high]) => [attribute, String(whole(one, low, high))]));
    if (dead.value) given.RedrivePolicy = { deadLetterTargetArn: dead.value, maxReceiveCount: whole(most, 1, 1000) };
    return given;
  };
  const [visibility, ...others] = numbers.map(([attribute, one]) => field(attribute, one));
  return { parts: [visibility, el("div", { class: "pair even" }, field("Dead-letter queue", dead), field("maxReceiveCount", most)),
    el("details", {}, el("summary", { textContent: "Delay, waiting, retention, size" }), el("div", { class: "props" }, ...others))], read };
}

function queue(panel, name, node) {
  const { settings } = node;
  const now = { ...settings.attributes, dead: settings.dead_letter_queue, most: settings.max_receive_count };
  const { parts, read } = attributesOf(panel.scene, now, name);
  const command = () => {
    const given = read();
    const had = settings.attributes ?? {};
    const changed = Object.fromEntries(Object.entries(given).filter(([one, value]) => one === "RedrivePolicy" ? value.deadLetterTargetArn !== settings.dead_letter_queue || value.maxReceiveCount !== settings.max_receive_count : value !== had[one]));
    if (settings.dead_letter_queue && !given.RedrivePolicy) changed.RedrivePolicy = "";
    if (!Object.keys(changed).length) throw new Wrong(null, "Nothing is different yet: change a value first.");
    return { do: "set_attributes", queue: name, attributes: changed };
  };
  return [receive(panel, name), form(panel, `Set attributes of ${name}`, "Set", command, ...parts)];
}

// --- programs

function receiving(settings) {
  const now = settings.receive ?? {};
  const most = number(now.MaxNumberOfMessages ?? 1);
  const wait = number(now.WaitTimeSeconds ?? "");
  const hidden = number(now.VisibilityTimeout ?? "");
  const pause = number(now.pause_ms ?? 100);
  const read = () => ({
    MaxNumberOfMessages: whole(most, 1, 10), WaitTimeSeconds: whether(wait, 0, 20), VisibilityTimeout: whether(hidden, 0, 43_200), pause_ms: decimal(pause, 1, 600_000),
  });
  return [[el("div", { class: "pair even" }, field("MaxNumberOfMessages", most), field("WaitTimeSeconds", wait)),
    el("div", { class: "pair even" }, field("VisibilityTimeout, s", hidden), field("Pause after nothing, ms", pause))], read];
}

function working(settings, fallback) {
  const { service = {}, fail = null, heartbeat = null } = settings;
  const [time, readTime] = measured("Time per message, ms", service.uniform_ms ? [...SERVICE, ["uniform_ms", `as now: ${service.uniform_ms.join(" to ")}`]] : SERVICE, service.uniform_ms ? {} : service, fallback);
  const deletes = choice(DELETE, settings.delete ?? "after");
  const then = choice(THEN, fail?.then ?? "");
  const chance = number(fail?.chance ?? 1);
  const every = number(heartbeat?.every_ms ?? "");
  const longer = number(heartbeat?.VisibilityTimeout ?? 30);
  const read = () => ({
    delete: deletes.value, ...(service.uniform_ms ? {} : { service: readTime() }),
    fail: then.value ? { chance: decimal(chance, 0, 1), when: fail?.when ?? {}, then: then.value } : null,
    heartbeat: every.value === "" ? null : { every_ms: decimal(every, 1, 43_200_000), VisibilityTimeout: whole(longer, 1, 43_200) },
  });
  return [[...time, el("div", { class: "pair even" }, field("Deletes", deletes), field("When it fails", then)),
    el("details", {}, el("summary", { textContent: "Heartbeat, chance to fail" }),
      el("div", { class: "props" }, field("Heartbeat every, ms", every), field("hides for, s", longer), field("Chance to fail, 0 to 1", chance)))], read];
}

function consumer(panel, name, node) {
  const { settings } = node;
  const [asks, readAsks] = receiving(settings);
  const [works, readWorks] = working(settings);
  const factor = number(settings.slow ?? 2);
  const latency = number(settings.latency_ms);
  const command = () => ({ do: "change", node: name, settings: different({ receive: readAsks(), ...readWorks(), latency_ms: decimal(latency, 0, 60_000) }, { heartbeat: null, fail: null, ...settings }, latency) });
  return [
    form(panel, `Change ${name}`, "Change", command, ...asks, ...works, field("Latency one way, ms", latency)),
    form(panel, `Slow ${name}`, "Slow down", () => ({ do: "slow", node: name, factor: decimal(factor, 1, 1000) }), field("So many times as slow (1: as before)", factor)),
  ];
}

function sending(scene, send) {
  const to = choice(nodesOf(scene, "queue"), send.queue);
  const keys = input({ value: (send.keys ?? []).join(", ") });
  const body = el("textarea", { rows: 2, value: send.body ?? "{n}", spellcheck: false });
  const group = input({ maxLength: 128, value: send.MessageGroupId ?? (isFifo(scene, to.value) ? "{key}" : "") });
  const dedup = input({ maxLength: 128, value: send.MessageDeduplicationId ?? "" });
  const delay = number(send.DelaySeconds ?? "");
  const read = () => ({ queue: to.value, keys: keysOf(keys), body: body.value, MessageGroupId: group.value, MessageDeduplicationId: dedup.value, DelaySeconds: whether(delay, -900, 1800) });
  return [[field("Sends to", to), field("Keys on the chips", keys), field("MessageGroupId", group),
    el("details", {}, el("summary", { textContent: "Body, deduplication id, delay" }), field("MessageBody", body), field("MessageDeduplicationId", dedup), field("DelaySeconds", delay))], read];
}

function producer(panel, name, node) {
  const { settings } = node;
  const { rate = {}, send = {} } = settings;
  const fixed = rate.burst || rate.script;
  const [pace, readRate] = measured("Messages a second", RATE, rate, fixed ? 1 : 0);
  const [says, readSays] = sending(panel.scene, send);
  const batch = number(settings.batch ?? 1);
  const latency = number(settings.latency_ms);
  const command = () => {
    const paced = readRate();
    const said = Object.fromEntries(Object.entries(readSays()).filter(([one, value]) => JSON.stringify(value) !== JSON.stringify(send[one])));
    const changed = { latency_ms: decimal(latency, 0, 60_000), batch: whole(batch, 1, 10) };
    if (!fixed || paced.constant !== 1) changed.rate = paced;
    if (Object.keys(said).length) changed.send = said;
    return { do: "change", node: name, settings: different(changed, settings, latency) };
  };
  return [form(panel, `Change ${name}`, "Change", command, ...pace, ...says, el("div", { class: "pair even" }, field("In one request", batch), field("Latency one way, ms", latency)))];
}

const broker = () => [el("p", { class: "soft", textContent: "Restarted, it answers nothing but errors for a while, as if its region were unavailable. What it has taken it keeps." })];

export const SQS_FORMS = { you, producer, consumer, queue, broker };

// --- what is added

const ADD = {
  producer: (scene) => {
    const [pace, readRate] = measured("Messages a second", RATE, {}, 2);
    const [says, readSays] = sending(scene, { keys: ["A", "B", "C"] });
    const latency = number(60);
    return { parts: [...says, ...pace, field("Latency one way, ms", latency)], read: () => ({ send: readSays(), rate: readRate(), latency_ms: decimal(latency, 0, 60_000) }) };
  },
  consumer: (scene) => {
    const from = choice(nodesOf(scene, "queue"));
    const [asks, readAsks] = receiving({ receive: { WaitTimeSeconds: 20 } });
    const [works, readWorks] = working({}, 400);
    const replicas = number(1);
    const latency = number(60);
    const read = () => {
      if (!from.value) throw new Wrong(from, "There is no queue to receive from yet: add one first.");
      return { queue: from.value, receive: readAsks(), ...readWorks(), replicas: whole(replicas, 1, 100), latency_ms: decimal(latency, 0, 60_000) };
    };
    return { parts: [field("Receives from", from), ...asks, ...works, el("div", { class: "pair even" }, field("Replicas", replicas), field("Latency one way, ms", latency))], read };
  },
  queue: (scene) => {
    const kind = choice([["standard", "standard"], ["fifo", "FIFO (its name ends in .fifo)"], ["content", "FIFO, content-based deduplication"]]);
    const { parts, read } = attributesOf(scene, {}, "");
    return {
      parts: [field("Kind", kind), ...parts],
      read: () => ({ attributes: { ...read(), ...(kind.value === "standard" ? {} : { FifoQueue: "true" }), ...(kind.value === "content" ? { ContentBasedDeduplication: "true" } : {}) } }),
    };
  },
};

export const SQS_ADD = ADD;
