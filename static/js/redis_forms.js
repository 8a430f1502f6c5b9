// The forms for a lab with a Redis: publish and add by hand, trim, what programs listen to and how they read, what can be added.

import { RATE, SERVICE, decimal, different, measured, number, whole } from "./act_parts.js";
import { Wrong, choice, el, field, form, input, nodesOf } from "./dom.js";

const ACK = [["after", "after the work"], ["before", "before the work"], ["noack", "NOACK: nothing is pending"]];

const words = (value) => value.split(",").map((one) => one.trim()).filter(Boolean);
const named = (list) => (list ?? []).join(", ");

/** What you send: PUBLISH to a channel, or XADD to a stream. */
function you(panel) {
  const { scene, first } = panel;
  const channels = nodesOf(scene, "channel");
  const streams = nodesOf(scene, "stream");
  const target = choice([...channels.map((one) => [`c${one}`, `PUBLISH to ${one}`]), ...streams.map((one) => [`s${one}`, `XADD to ${one}`]), ["c", "PUBLISH to another channel"]]);
  if (first?.channel) target.value = `c${first.channel}`;
  const other = input({ maxLength: 255, placeholder: "its name" });
  const line = field("Channel", other);
  const show = () => (line.hidden = target.value !== "c");
  target.addEventListener("change", show);
  show();
  const letter = input({ maxLength: 2, size: 4, value: "A" });
  const body = el("textarea", { rows: 2, spellcheck: false });
  const repeat = number(1);
  const command = () => {
    const name = target.value.slice(1) || other.value;
    if (!name) throw new Wrong(other, "Name a channel.");
    const made = target.value[0] === "s" ? { do: "xadd", stream: name } : { do: "publish_to", channel: name };
    if (letter.value) made.key = letter.value;
    if (body.value) made.body = body.value;
    const times = whole(repeat, 1, 1000);
    if (times > 1) made.repeat = times;
    return made;
  };
  return [form(panel, "Send a message", "Send", command, field("Command", target), line,
    el("div", { class: "pair" }, field("Key on the chip", letter), field("How many", repeat)), field("Body", body))];
}

function stream(panel, name) {
  const most = number(10);
  const how = choice([["", "exactly"], ["~", "by whole nodes (~)"]]);
  const command = () => ({ do: "xtrim", stream: name, maxlen: whole(most, 0, 10_000), ...(how.value ? { approximate: true } : {}) });
  return [
    form(panel, `Trim ${name}`, "Trim", command, el("div", { class: "pair even" }, field("Entries to keep", most), field("How", how))),
    gone(panel, name, "Delete the stream"),
  ];
}

const gone = (panel, name, label) => form(panel, label, label, () => ({ do: "delete", node: name }));
const group = (panel, name) => [gone(panel, name, "Destroy the group")];

/** How a program works, which subscribers and consumers share. */
function working(settings) {
  const [parts, read] = measured("Work, ms", SERVICE, settings.service, 200);
  const latency = number(settings.latency_ms ?? 60);
  return { parts: [...parts, field("Latency one way, ms", latency)], read: () => ({ service: read(), latency_ms: decimal(latency, 0, 60_000) }), latency };
}

function subscriber(panel, name, { settings }) {
  const channels = input({ value: named(settings.channels) });
  const patterns = input({ value: named(settings.patterns) });
  const work = working(settings);
  const command = () => ({ do: "change", node: name, settings: different({ channels: words(channels.value), patterns: words(patterns.value), ...work.read() }, settings, channels) });
  return [form(panel, `Change ${name}`, "Change", command, field("Channels", channels), field("Patterns", patterns), ...work.parts)];
}

function consumer(panel, name, node) {
  const { settings } = node;
  if ("channels" in settings) return subscriber(panel, name, node);
  const count = number(settings.count ?? 1);
  const ack = choice(ACK, settings.ack);
  const idle = number(settings.claim?.min_idle_ms ?? 0);
  const work = working(settings);
  const command = () => {
    const least = decimal(idle, 0, 43_200_000);
    const claim = least ? { min_idle_ms: least, every_ms: settings.claim?.every_ms ?? 1000 } : null;
    return { do: "change", node: name, settings: different({ count: whole(count, 1, 1000), ack: ack.value, claim, ...work.read() }, settings, count) };
  };
  return [form(panel, `Change ${name}`, "Change", command,
    el("div", { class: "pair even" }, field("Entries at a time", count), field("Acks", ack)),
    field("Claim what is idle for, ms (0: never)", idle), ...work.parts)];
}

function producer(panel, name, { settings }) {
  const { publish, rate } = settings;
  const [pace, readRate] = measured("Messages a second", RATE, rate, 1);
  const fixed = Boolean(rate.script || rate.burst);
  const channel = input({ maxLength: 255, value: publish.channel ?? "" });
  const most = number(publish.maxlen ?? 0);
  const command = () => {
    const said = publish.stream ? { maxlen: whole(most, 0, 10_000) || null } : { channel: channel.value };
    const publishing = Object.fromEntries(Object.entries(said).filter(([one, value]) => value !== (publish[one] ?? null)));
    const changed = {};
    const paced = readRate();
    if (!fixed || paced.constant !== 1) changed.rate = paced;
    if (Object.keys(publishing).length) changed.publish = publishing;
    return { do: "change", node: name, settings: different(changed, settings, most) };
  };
  return [form(panel, `Change ${name}`, "Change", command, ...pace, publish.stream ? field("MAXLEN (0: none)", most) : field("Channel", channel))];
}

// --- what can be added

const MADE = {
  producer: ({ scene }) => {
    const streams = nodesOf(scene, "stream");
    const target = choice([...nodesOf(scene, "channel").map((one) => [`c${one}`, `channel ${one}`]), ...streams.map((one) => [`s${one}`, `stream ${one}`])]);
    const rate = number(1);
    return { parts: [el("div", { class: "pair even" }, field("Sends to", target), field("Messages a second", rate))], read: () => ({
      publish: { [target.value[0] === "s" ? "stream" : "channel"]: target.value.slice(1), keys: ["A", "B", "C"] }, rate: { constant: decimal(rate, 0, 1000) } }) };
  },
  subscriber: ({ scene }) => {
    const channels = input({ value: nodesOf(scene, "channel")[0] ?? "" });
    const patterns = input();
    return { parts: [field("Channels", channels), field("Patterns", patterns)], read: () => ({ channels: words(channels.value), patterns: words(patterns.value) }) };
  },
  consumer: ({ scene }) => {
    const read = choice(nodesOf(scene, "group"));
    return { parts: [field("Group", read)], read: () => {
      if (!read.value) throw new Wrong(read, "There is no group yet: add one first.");
      const at = read.value.lastIndexOf("/");
      return { stream: read.value.slice(0, at), group: read.value.slice(at + 1) };
    } };
  },
  group: ({ scene }) => {
    const of = choice(nodesOf(scene, "stream"));
    const start = choice([["0", "all there is (0)"], ["$", "what comes from now on ($)"]]);
    return { parts: [el("div", { class: "pair even" }, field("Of the stream", of), field("Begins with", start))], read: () => ({ stream: of.value, start: start.value }) };
  },
  stream: () => ({ parts: [], read: () => ({}) }),
  channel: () => ({ parts: [], read: () => ({}) }),
};

/** The form that adds one of these; `free`: a name that nothing has. */
export function addRedis(panel, what, free) {
  const name = input({ maxLength: 255, value: free });
  const { parts, read } = MADE[what](panel);
  const command = () => {
    if (!name.value) throw new Wrong(name, "Give it a name.");
    return { do: "add", node: name.value, what, settings: read() };
  };
  return form(panel, `Add a ${what}`, `Add ${what}`, command, field("Name", name), ...parts);
}

export const redisForms = { you, stream, group, consumer, producer };
