// Numbers and settings in words.

/** Virtual µs as seconds with two decimals, rounded as the engine's sentences round. */
export function seconds(us) {
  const hundredths = Math.floor((us + 5000) / 10_000);
  return `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}`;
}

export function rateWords(rate) {
  if (!rate) return "";
  if (typeof rate === "number") return `${rate} / s`;
  if (rate.constant !== undefined) return `${rate.constant} / s`;
  if (rate.poisson !== undefined) return `~${rate.poisson} / s`;
  if (rate.burst) return `bursts of ${rate.burst.count}`;
  return rate.script ? "by a script" : "";
}

const ms = (value) => (value >= 1000 ? `${value / 1000} s` : `${value} ms`);

export function serviceWords(service) {
  if (!service) return "";
  if (service.constant_ms !== undefined) return `takes ${ms(service.constant_ms)}`;
  if (service.exponential_ms !== undefined) return `takes about ${ms(service.exponential_ms)}`;
  if (service.uniform_ms) return `takes ${ms(service.uniform_ms[0])} to ${ms(service.uniform_ms[1])}`;
  return "";
}

/** The limits of a queue that are in force, each in a few words. */
export function limitWords(settings) {
  const found = [];
  if (settings.visibility_timeout_s !== undefined) {
    found.push(`hidden ${settings.visibility_timeout_s} s`);
    if (settings.delay_s) found.push(`delay ${settings.delay_s} s`);
    if (settings.dead_letter_queue) found.push(`${settings.max_receive_count} receives → ${settings.dead_letter_queue}`);
    return found;
  }
  const dead = settings.dead_letter_exchange !== undefined ? " → dead letters" : "";
  if (settings.delivery_limit !== undefined) found.push(`delivery limit ${settings.delivery_limit}${dead}`);
  if (settings.max_length !== undefined || settings.max_length_bytes !== undefined) {
    const most = [settings.max_length, settings.max_length_bytes !== undefined ? `${settings.max_length_bytes} bytes` : undefined];
    const then = { "reject-publish": "refuse", "reject-publish-dlx": "refuse → dead letters" }[settings.overflow] ?? (dead ? `drop head${dead}` : "drop head");
    found.push(`max ${most.filter((one) => one !== undefined).join(" or ")}: ${then}`);
  }
  if (settings.message_ttl_ms !== undefined) found.push(`TTL ${ms(settings.message_ttl_ms)}${dead}`);
  if (dead && !found.some((one) => one.endsWith(dead))) found.push("rejected → dead letters");
  const { arguments: more = {} } = settings;
  if (more["x-single-active-consumer"]) found.push("one active consumer");
  if (more["x-max-priority"]) found.push(`priorities to ${more["x-max-priority"]}`);
  if (more["x-expires"]) found.push(`unused ${ms(more["x-expires"])}: gone`);
  return found;
}

/** What is written on a binding's line: its key, or the headers it wants. */
export function bindingWords(link) {
  if (link.what !== "binding") return "";
  const wanted = Object.entries(link.arguments ?? {}).filter(([name]) => !name.startsWith("x-"));
  const headers = wanted.map(([name, value]) => `${name}=${value}`).join(link.arguments?.["x-match"] === "any" ? " or " : ", ");
  return [link.routing_key, headers].filter(Boolean).join(" ");
}

const parts = typeof Intl.Segmenter === "function" ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;
const MARKS_MAX = 12; // code points of what is read as one letter: a family of four has seven
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f000}-\u{3fffd}]/u;

/** A text without what no font and no XML has: it shows where something was. */
export function clean(text) {
  return text.replace(UNSEEN, "\ufffd");
}

/** What a person reads as letters, each short enough to be drawn. */
function letters(text) {
  const seen = clean(text);
  if (/^[\x20-\x7e]*$/.test(seen)) return seen.split("");
  const found = parts ? Array.from(parts.segment(seen), (one) => one.segment) : Array.from(seen);
  return found.map((one) => {
    const points = Array.from(one);
    const most = points.includes("\u200d") ? MARKS_MAX : 3;
    return points.length > most ? points.slice(0, most).join("") : one;
  });
}

/** How many letters of the usual width a text is wide. */
export function wide(text) {
  return letters(text).reduce((sum, one) => sum + (WIDE.test(one) ? 2 : 1), 0);
}

/** A text to be drawn: shortened in the middle to at most `most` letters of the usual width. */
export function shorten(text, most) {
  const all = letters(text);
  const sizes = all.map((one) => (WIDE.test(one) ? 2 : 1));
  if (sizes.reduce((a, b) => a + b, 0) <= most) return all.join("");
  let head = 0;
  let tail = all.length;
  for (let left = most - 1, front = true; left > 0; front = !front) {
    const size = front ? sizes[head] : sizes[tail - 1];
    if (size > left) break;
    front ? head++ : tail--;
    left -= size;
  }
  return `${all.slice(0, head).join("")}…${all.slice(tail).join("")}`;
}

const KINDS = { rabbitmq: "RabbitMQ", sqs: "Amazon SQS", redis: "Redis" };
/** The name of a kind of broker, as people write it. */
export const kindName = (kind) => KINDS[kind] ?? kind;

/** A broker in a few words: what it is, and what it lacks just now. */
export function brokerWords(name, { status, settings }) {
  const { kind, version, alarms = [], members = {} } = settings;
  const nodes = Object.entries(members).map(([node, is]) => `${node.slice(name.length + 1)}${is === "up" ? "" : ` (${is})`}`).join(", ");
  const alarm = alarms.length ? ` · ${alarms.join(" and ")} alarm: publishers are blocked` : "";
  return `${name} · ${kindName(kind)} ${version}${status === "down" ? " · down" : alarm}${nodes ? ` · nodes ${nodes}` : ""}`;
}

/** Where a queue of a cluster lives: {short, long}: its nodes by their last letters, ● leads, ○ follows, × is away; or null. */
export function placeWords({ broker, node, members, leader, unavailable }, scene) {
  const nodes = scene.nodes.get(broker)?.settings.members;
  if (!nodes || !(node || members)) return null;
  const number = (one) => one.slice(broker.length + 1);
  if (!members) return { short: unavailable ? `on ×${number(node)}` : `on ${number(node)}`, long: unavailable ? `on ${node}, which is ${nodes[node]}` : `on ${node}` };
  const sorted = [...members].sort();
  const mark = (one) => (one === leader ? "●" : nodes[one] === "up" ? "○" : "×");
  const says = (one) => (one === leader ? `${one} leads` : nodes[one] === "up" ? `${one} follows` : `${one} is ${nodes[one]}`);
  return { short: sorted.map((one) => `${mark(one)}${number(one)}`).join(" "), long: `${leader ? "" : "no leader: "}${sorted.map(says).join(", ")}` };
}

/** A command in a few words, as the flag on the timeline says it. */
export function commandWords(command) {
  const { do: verb } = command;
  if (verb === "publish") return `publish ${command.repeat > 1 ? `${command.repeat} × ` : ""}${command.routing_key || command.key || "a message"}`;
  if (verb === "publish_to" || verb === "xadd") return `${verb === "xadd" ? `XADD to ${command.stream}` : `PUBLISH to ${command.channel}`}${command.repeat > 1 ? `, ${command.repeat} ×` : ""}`;
  if (verb === "xtrim") return `trim ${command.stream} to ${command.maxlen}`;
  if (verb === "bind" || verb === "unbind") return `${verb} ${command.destination}`;
  if (verb === "purge") return `purge ${command.queue}`;
  if (verb === "get") return `get from ${command.queue}`;
  if (verb === "send") return `send ${command.repeat > 1 ? `${command.repeat} × ` : ""}to ${command.queue}`;
  if (verb === "receive") return `receive from ${command.queue}`;
  if (verb === "set_attributes") return `set ${Object.keys(command.attributes).join(", ")} of ${command.queue}`;
  if (verb === "change_visibility") return command.seconds ? `hide ${command.copy} for ${command.seconds} s` : `show ${command.copy}`;
  if (verb === "redrive") return `redrive ${command.queue}`;
  if (verb === "slow") return command.factor === 1 ? `${command.node} at full speed` : `slow ${command.node} × ${command.factor}`;
  if (verb === "add") return `add ${command.what} ${command.node}`;
  if (verb === "stop_node" || verb === "start_node") return `${verb.slice(0, -5)} ${command.node}`;
  if (verb === "cut_off") return `cut ${command.node} off`;
  if (verb === "cancel") return `cancel the consumer of ${command.node}`;
  if (verb === "close_channel") return `close the channel of ${command.node}`;
  if (verb === "abort") return `break the connection of ${command.node}`;
  if (verb === "raise_alarm" || verb === "clear_alarm") return `${command.resource ?? "memory"} alarm ${verb === "raise_alarm" ? "at" : "over at"} ${command.node}`;
  if (verb === "set_policy" || verb === "clear_policy") return `${verb === "set_policy" ? "policy" : "no policy"} ${command.policy}`;
  if (verb === "change") return `${command.node}: ${Object.keys(command.settings).join(", ")}`;
  return `${verb} ${command.node}`;
}

const ACTS_NAMED = 3;

/** A future in words, by the acts that lead to it: its own name, or the last few of them and when the last was done. */
export function futureWords(path) {
  const last = path[path.length - 1];
  if (!last) return "without any act";
  const acts = path.slice(-ACTS_NAMED).map((act) => commandWords(act.command)).join(", ");
  return `${last.label ? `${last.label}: ` : ""}${path.length > ACTS_NAMED ? "… " : ""}${acts} at ${seconds(last.t)} s`;
}

/** The message of a copy's name: web-41@billing.2 -> web-41. */
export function messageOf(name) {
  const at = name.indexOf("@");
  return at < 0 ? name : name.slice(0, at);
}

// The place to look at, in the address: #t=14.72&m=web-41&f=<future>.

/** {t µs or null, selection, future or null, parameters}. What cannot be read is left out. */
export function readPlace(hash) {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const s = Number(found.get("t"));
  const future = found.get("f") ?? "";
  return {
    t: found.get("t") !== null && Number.isFinite(s) && s >= 0 && s <= 600 ? Math.round(s * 1e6) : null,
    selection: chosen(found),
    future: /^[A-Za-z0-9_-]{1,32}$/.test(future) ? future : null,
    parameters: found,
  };
}

function chosen(found) {
  if (found.get("m")) return { message: found.get("m").slice(0, 255) };
  if (found.get("n")) return { node: found.get("n").slice(0, 255) };
  return {};
}

export function writePlace({ t, selection, future, parameters = new URLSearchParams() }) {
  const made = new URLSearchParams();
  made.set("t", String(t / 1e6));
  if (selection.message) made.set("m", selection.message);
  if (selection.node) made.set("n", selection.node);
  if (future !== "0") made.set("f", future);
  for (const [name, value] of parameters) made.set(name, value);
  return `#${made}`;
}
