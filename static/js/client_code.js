// A whole producer, consumer or client as a pika program, with the settings that it has in the lab.

import { call, lines, py, table, template } from "./python_text.js";

const OPEN = ['connection = pika.BlockingConnection(pika.ConnectionParameters("localhost"))', "channel = connection.channel()"];

/** Texts for the program `name`: [{title, text}]. */
export function clientOf(what, name, settings) {
  const body = bodyOf(what, name, settings);
  return body ? [{ title: "Python, pika", text: `${[...importsOf(body), ...body].join("\n")}\n` }] : [];
}

/** The lines of the program `name`, less its imports; null where it is none. */
export function bodyOf(what, name, settings) {
  return { producer, consumer, client }[what]?.(name, settings).flat() ?? null;
}

/** What such lines need, and a blank line. */
export function importsOf(body, more = []) {
  const own = ["random", "time"].filter((module) => body.some((line) => line.includes(`${module}.`)));
  const standard = [...new Set([...own, ...more])].sort();
  return [...standard.map((module) => `import ${module}`), ...(standard.length ? [""] : []), "import pika", ""];
}

const seconds = (ms) => String(ms / 1000);

// --- a producer

function producer(name, { publish = {}, rate = {}, confirms = false, start_ms = 0, count = null }) {
  const keyed = `${publish.routing_key}${publish.body}`.includes("{key}");
  const keys = keyed ? (publish.keys ?? []) : [];
  const send = sending(name, publish);
  const [pause, burst] = pacing(rate);
  const each = ["n += 1", ...(keys.length ? [`key = random.choice(${py(keys)})`] : []), ...send];
  const body = burst > 1 ? [`for _ in range(${burst}):`, ...lines(each)] : each;
  const loop = rate.script ? script(name, publish, rate.script) : ["n = 0", `while ${count ? `n < ${count}` : "True"}:`, ...lines([...body, pause])];
  return [
    OPEN,
    confirms ? ["channel.confirm_delivery()"] : [],
    start_ms ? [`connection.sleep(${seconds(start_ms)})`] : [],
    loop,
  ];
}

function sending(name, publish) {
  const given = Object.entries(publish.properties ?? {}).map(([field, value]) => [field, py(value)]);
  if (publish.headers && Object.keys(publish.headers).length) given.push(["headers", table(publish.headers)]);
  return call("channel.basic_publish", [
    ["exchange", py(publish.exchange ?? "")],
    ["routing_key", template(publish.routing_key ?? "", name)],
    ["body", template(publish.body ?? "", name)],
    ...(given.length ? [["properties", call("pika.BasicProperties", given).join("\n")]] : []),
    ...(publish.mandatory ? [["mandatory", "True"]] : []),
  ]);
}

/** The line that waits for the next beat, and how many messages a beat has. */
function pacing(rate) {
  if (rate.poisson) return [`connection.sleep(random.expovariate(${rate.poisson}))`, 1];
  if (rate.burst) return [`connection.sleep(${seconds(rate.burst.every_ms)})`, rate.burst.count];
  if (rate.constant) return [`connection.sleep(${rate.constant === 1 ? 1 : `1 / ${rate.constant}`})`, 1];
  return ["connection.sleep(3600)  # its rate is 0: it waits", 1];
}

function script(name, publish, items) {
  let at = 0;
  return items.flatMap((item, index) => {
    const fill = (text) => text?.replaceAll("{key}", item.key ?? "").replaceAll("{n}", String(index + 1));
    const one = { ...publish, ...item };
    const wait = item.at_ms > at ? [`connection.sleep(${seconds(item.at_ms - at)})`] : [];
    at = item.at_ms;
    return [...wait, ...sending(name, { ...one, routing_key: fill(one.routing_key), body: fill(one.body) })];
  });
}

// --- a consumer

function consumer(name, settings) {
  const { answer, prefetch = 0, ack = "after", service = {}, fail = null, priority = 0, slow = 1 } = settings;
  const queues = settings.queues ?? [settings.queue ?? ""];
  const work = `time.sleep(${slow === 1 ? "" : `${slow} * `}${duration(service)})`;
  const handle = [];
  if (ack === "before") handle.push("channel.basic_ack(delivery_tag=method.delivery_tag)");
  handle.push(`${work}  # the work`);
  if (ack === "after") {
    const refuse = fail ? failing(fail.then ?? "reject") : null;
    const when = fail ? condition(fail) : "";
    if (fail && when) handle.push(`if ${when}:`, ...lines([refuse, "return"]));
    if (fail && !when) handle.push(refuse);
    else handle.push(...answering(name, answer), "channel.basic_ack(delivery_tag=method.delivery_tag)");
  } else handle.push(...answering(name, answer));
  const consume = queues.map((queue) => call("channel.basic_consume", [
    ["queue", py(queue)],
    ["on_message_callback", "handle"],
    ...(ack === "auto" ? [["auto_ack", "True"]] : []),
    ...(priority ? [["arguments", table({ "x-priority": priority })]] : []),
  ]));
  return [
    OPEN,
    prefetch ? [`channel.basic_qos(prefetch_count=${prefetch})`] : [],
    ["", "", "def handle(channel, method, properties, body):", ...lines(handle), "", ""],
    ...consume,
    ["channel.start_consuming()"],
  ];
}

/** What is sent to the reply_to of a message. The lab's {key} is the letter on a chip, which is nothing to a broker. */
function answering(name, answer) {
  if (!answer) return [];
  return call("channel.basic_publish", [
    ["exchange", py("")],
    ["routing_key", "properties.reply_to"],
    ["body", py((answer.body ?? "").replaceAll("{name}", name).replaceAll("{key}", "").replaceAll("{n}", ""))],
    ["properties", "pika.BasicProperties(correlation_id=properties.correlation_id)"],
    ...(answer.mandatory ? [["mandatory", "True"]] : []),
  ]);
}

function duration(service) {
  if (service.exponential_ms !== undefined) return `random.expovariate(1 / ${seconds(service.exponential_ms)})`;
  if (service.uniform_ms) return `random.uniform(${service.uniform_ms.map(seconds).join(", ")})`;
  return seconds(service.constant_ms ?? 200);
}

/** In Python, when it fails; "" where it always does. */
function condition({ chance = 1, when = {} }) {
  const parts = [];
  if (when?.routing_key !== undefined) parts.push(`method.routing_key == ${py(when.routing_key)}`);
  if (when?.header !== undefined) parts.push(`${py(when.header)} in (properties.headers or {})`);
  if (when?.redelivered !== undefined) parts.push(when.redelivered ? "method.redelivered" : "not method.redelivered");
  if (chance < 1) parts.push(`random.random() < ${chance}`);
  return parts.join(" and ");
}

function failing(then) {
  if (then === "nack_requeue") return "channel.basic_nack(delivery_tag=method.delivery_tag, requeue=True)";
  return `channel.basic_reject(delivery_tag=method.delivery_tag, requeue=${then === "reject_requeue" ? "True" : "False"})`;
}

// --- a client

const SETTLES = new Set(["basic_ack", "basic_nack", "basic_reject"]);
const BESIDE = new Set(["at_ms", "call", "channel", "delivery", "key", "headers", "properties", "immediate"]);
const DEFAULTS = { exchange_type: "direct", requeue: true, routing_key: "", consumer_tag: "", prefetch_size: 0, prefetch_count: 0, body: null };

/** Its script, call by call. Deliveries are kept in a list: the n-th is deliveries[n - 1]. */
function client(name, { script = [] }) {
  const open = new Set();
  const body = [];
  let at = 0;
  let sent = 0;
  for (const one of script) {
    const number = one.channel ?? 1;
    const channel = `channel_${number}`;
    if (one.at_ms > at) body.push(`connection.sleep(${seconds(one.at_ms - at)})`);
    at = one.at_ms;
    if (!open.has(number)) body.push(`${channel} = connection.channel()`);
    open.add(number);
    if (one.call === "basic_publish") sent++;
    if (one.immediate) body.push("# pika has no immediate flag any more; without it:");
    body.push(...made(name, channel, one, sent));
    if (one.call === "close") open.delete(number);
  }
  const keeps = body.some((line) => line.includes("keep"));
  const keep = ["", "deliveries = []", "", "", "def keep(channel, method, properties, body):", "    deliveries.append((method, properties))", "", ""];
  return [OPEN[0], keeps ? keep : ["deliveries = []"], body, ["connection.sleep(1)"]];
}

function made(name, channel, one, sent) {
  const { call: verb } = one;
  const given = Object.entries(one).filter(([field, value]) => !BESIDE.has(field) && worth(field, value)).map(([field, value]) => [field, filled(value, one.delivery, field)]);
  if (verb === "basic_publish") {
    const body = (one.body ?? "").replaceAll("{name}", name).replaceAll("{key}", one.key ?? "").replaceAll("{n}", String(sent));
    const properties = Object.entries(one.properties ?? {}).map(([field, value]) => [field, filled(value, one.delivery)]);
    if (Object.keys(one.headers ?? {}).length) properties.push(["headers", table(one.headers)]);
    const needed = [["exchange", py(one.exchange)], ["routing_key", filled(one.routing_key ?? "", one.delivery)], ["body", py(body)]];
    const more = [...(properties.length ? [["properties", call("pika.BasicProperties", properties).join("\n")]] : []), ...(one.mandatory ? [["mandatory", "True"]] : [])];
    return call(`${channel}.basic_publish`, [...needed, ...more]);
  }
  if (SETTLES.has(verb)) given.unshift(["delivery_tag", one.delivery ? `deliveries[${one.delivery - 1}][0].delivery_tag` : "0"]);
  if (verb === "basic_consume") given.push(["on_message_callback", "keep"]);
  if (verb !== "basic_get") return call(`${channel}.${verb}`, given);
  return [...call(`method, properties, body = ${channel}.basic_get`, given), "if method:", "    keep(None, method, properties, body)"];
}

/** Whether an argument says something: what pika has as its default need not be written. */
function worth(field, value) {
  if (value === null || value === (DEFAULTS[field] ?? false)) return field === "active";
  return typeof value !== "object" || Object.keys(value).length > 0;
}

/** A value, or what the named delivery says in its place. */
function filled(value, delivery, field = "") {
  if (field === "arguments") return table(value);
  const word = value === "{reply_to}" ? "reply_to" : value === "{correlation_id}" ? "correlation_id" : "";
  return word ? `deliveries[${delivery - 1}][1].${word}` : py(value);
}
