// What an operator sees of a node, in words: pairs of a term and a list of what is said of it. Pure: no DOM.
// An item is a text, {code}, {node}, {message, words} or {table: {head, rows}}, a row's cells being lists of items.

import { hangs, load } from "./why.js";
import { kindName, placeWords, rateWords, serviceWords } from "./words.js";
import { sqsConsumer, sqsQueue } from "./sqs_facts.js";
import { plain, secondsOf } from "./sentence.js";

const CHIPS_MAX = 40;
const MINIMUM = new Set(["message-ttl", "max-length", "max-length-bytes", "delivery-limit", "expires"]); // as brokers/rabbitmq/spec.py has them
const OF_QUEUES = [...MINIMUM, "overflow", "dead-letter-exchange", "dead-letter-routing-key"];
const HELD = { on_way: "on its way here", buffered: "in the buffer", done: "done, its ack under way", dead: "lost here, but unacked at the broker" };
const STATUS = { up: "running", down: "crashed", waits: "not started yet" };
const COUNTS = [
  ["published", "published"], ["confirmed", "confirmed"], ["nacked", "nacked"], ["returned", "returned"], ["enqueued", "enqueued"],
  ["delivered", "delivered"], ["ok", "handled"], ["failed", "failed"], ["acked", "acked"], ["requeued", "requeued"],
  ["dead_lettered", "dead-lettered"], ["rejected", "rejected"], ["expired", "expired"], ["maxlen", "over the limit"], ["refused", "refused"],
  ["delivery_limit", "over the delivery limit"], ["purged", "purged"], ["no_route", "without a queue"], ["cycle", "in a circle"],
  ["broadcast", "copies sent"], ["missed", "heard by nobody"], ["appended", "entries added"], ["trimmed", "trimmed unread or read"], ["claimed", "claimed"], ["fetched", "read"],
  ["lost_message", "lost for good"], ["lost_delivery", "deliveries lost"], ["lost_publish", "publishes lost"], ["lost_ack", "acks lost"],
  ["lost_nack", "nacks lost"], ["lost_confirm", "confirms lost"], ["lost_return", "returns lost"],
];
const CALLS_MAX = 6; // the others are in the code
const LIMITS = [
  ["max_length", (n) => `at most ${n} ready`], ["max_length_bytes", (n) => `at most ${n} bytes ready`], ["overflow", (how) => `over that: ${how}`],
  ["message_ttl_ms", (ms) => `a message lives ${ms} ms`], ["delivery_limit", (n) => `at most ${n} failed deliveries of a message`],
];

/** The facts of a node: [[term, [item, …]], …]. */
export function factsOf(name, scene) {
  const node = scene.nodes.get(name);
  const facts = [["Is", [kindWords(node)]]];
  (OF[node.what] ?? program)(name, node, scene, facts);
  if (node.settings.node && node.what !== "queue") facts.push(["Connected to", [node.settings.node]]);
  const counts = scene.counts.get(name);
  const counted = counts ? COUNTS.filter(([what]) => counts.get(what)).map(([what, words]) => `${counts.get(what)} ${words}`) : [];
  if (counted.length) facts.push(["So far", [counted.join(", ")]]);
  return facts;
}

const held = (name, node, scene, facts) => facts.push(["Holds", [`${node.ready.size} ready, ${node.unacked.size} pending`]]);
const nothing = () => undefined;
const OF = { queue, exchange, consumer, client, broker, group: held, buffer: held, channel: nothing, stream: nothing };

const OF_REDIS = {
  channel: () => "a channel: it keeps nothing",
  stream: ({ length = 0, last }) => `a stream of ${length} entries${last ? `, the last ${last}` : ""}`,
  group: ({ stream }) => `a consumer group of ${stream}`,
  buffer: ({ program, hard, soft, soft_seconds }) => `the output buffer of ${program}: at most ${hard} bytes, ${soft} for ${soft_seconds} s`,
};

function kindWords(node) {
  const { settings } = node;
  const flags = ["durable", "exclusive", "auto_delete", "internal"].filter((flag) => settings[flag] === true).map((flag) => flag.replace("_", "-"));
  if (node.what === "queue") return [`a ${settings.type} queue`, ...flags].join(", ");
  if (node.what === "exchange") return [`a ${settings.type} exchange`, ...flags].join(", ");
  if (OF_REDIS[node.what]) return OF_REDIS[node.what](settings);
  if (node.what === "broker") return `${kindName(settings.kind)} ${settings.version}, ${node.status}`;
  if (node.what === "you") return "you: a publisher and operator";
  return `a ${node.what}, ${STATUS[node.status] ?? node.status}`;
}

function queue(name, node, scene, facts) {
  const { settings, ready, unacked } = node;
  if (settings.visibility_timeout_s !== undefined) return sqsQueue(name, node, scene, facts, chips);
  facts.push(["Holds", [`${ready.size} ready, ${unacked.size} unacked, ${ready.size + unacked.size} in all`]]);
  const limits = LIMITS.filter(([field]) => settings[field] !== undefined).map(([field, words]) => words(settings[field]));
  if (limits.length) facts.push(["Limits", [limits.join("; ")]]);
  if (settings.dead_letter_exchange !== undefined) facts.push(["Dead letters", ["to ", { node: settings.dead_letter_exchange || "amq.default" }]]);
  const place = placeWords(settings, scene);
  if (place) facts.push([settings.members ? "Members" : "Node", [place.long]]);
  policyOf(settings, scene, facts);
  const args = Object.entries(settings.arguments ?? {});
  if (args.length) facts.push(["Arguments", spread(args.map(([field, value]) => [{ code: `${field}: ${plain(value)}` }]))]);
  const bound = Array.from(scene.links.values()).filter((link) => link.what === "binding" && link.target === name);
  if (bound.length) facts.push(["Bound to", spread(bound.map((link) => [{ node: link.source }, link.routing_key ? " with " : "", link.routing_key ? { code: link.routing_key } : ""]))]);
  const readers = new Set(Array.from(scene.links.values()).filter((link) => link.what === "consume" && link.source === name).map((link) => link.target));
  facts.push(["Read by", readers.size ? spread(Array.from(readers, (one) => [{ node: one }, loadWords(load(scene, one, name))])) : ["nobody"]]);
  if (ready.size) facts.push(["Ready, next first", chips(ready.list(), ready.size)]);
  if (unacked.size) facts.push(["Unacked", chips(Array.from(unacked.keys()), unacked.size)]);
}

/** The policy that applies here, and which value is in force through it and which through an argument. */
function policyOf({ broker, policy, arguments: args = {} }, scene, facts, keys = OF_QUEUES, prefix = "x-") {
  const { definition = {}, pattern, priority } = scene.nodes.get(broker)?.settings.policies?.[policy] ?? {};
  if (policy) {
    const says = Object.entries(definition).map(([key, value]) => [{ code: `${key}: ${plain(value)}` }]);
    facts.push(["Policy", [{ code: policy }, ...(pattern === undefined ? [] : [" for ", { code: pattern }]), priority ? ` with priority ${priority}: ` : ": ", ...spread(says)]]);
  }
  const rows = keys.map((key) => inForce(key, args[prefix + key], definition[key], prefix + key, policy)).filter(Boolean);
  if (rows.length) facts.push(["In force", [{ table: { head: ["setting", "value", "from"], rows } }]]);
}

/** One setting as the broker has it: of a limit the smaller of argument and policy, of all else the argument. */
function inForce(key, own, said, argument, policy) {
  if (own === undefined && said === undefined) return null;
  const both = own !== undefined && said !== undefined;
  const ofPolicy = own === undefined || (both && MINIMUM.has(key) && said < own);
  const from = ofPolicy ? ["policy ", { code: policy }] : ["argument ", { code: argument }];
  const other = both ? [ofPolicy ? `, the argument has ${plain(own)}` : `, the policy has ${plain(said)}`] : [];
  return [[{ code: key }], [{ code: plain(ofPolicy ? said : own) }], [...from, ...other]];
}

function loadWords([holds, limit]) {
  return limit ? ` holds ${holds} of ${limit}` : ` holds ${holds}`;
}

function exchange(name, node, scene, facts) {
  const links = Array.from(scene.links.values()).filter((link) => link.source === name);
  const bound = links.filter((link) => link.what === "binding");
  facts.push(["Bindings", bound.length ? spread(bound.map((link) => [link.routing_key ? { code: link.routing_key } : "without a key", " to ", { node: link.target }])) : [name === "amq.default" ? "every queue, by its own name" : "none"]]);
  policyOf(node.settings, scene, facts, ["alternate-exchange"], "");
  const other = links.find((link) => link.what === "alternate");
  if (other) facts.push(["Alternate", [{ node: other.target }]]);
}

function consumer(name, node, scene, facts) {
  const { settings, held } = node;
  const reads = Array.from(new Set(Array.from(scene.links.values()).filter((link) => link.what === "consume" && link.target === name).map((link) => link.source)));
  facts.push(["Reads", reads.length ? spread(reads.map((one) => [{ node: one }])) : ["nothing: it is not subscribed"]]);
  const slots = Array.from(held.values()).filter((one) => one.slot).length;
  if (settings.receive) {
    sqsConsumer(settings, slots, facts);
    return hasOf(node, facts);
  }
  const acks = { auto: "automatic: done when sent", before: "sent before the work", after: "sent after the work" };
  facts.push(["Prefetch", [settings.ack === "auto" ? "no limit: acks are automatic" : settings.prefetch ? `${slots} of ${settings.prefetch} in use` : `no limit, ${slots} unacked`]]);
  facts.push(["Acks", [acks[settings.ack] ?? acks.after]]);
  if (settings.service) facts.push(["Work", [`${serviceWords(settings.service)}${settings.slow > 1 ? `, now × ${settings.slow}` : ""}${hangs(node) ? "; it hangs" : ""}`]]);
  if (settings.fail) facts.push(["Fails", [plain(settings.fail)]]);
  hasOf(node, facts);
}

/** What a program has in its hands. */
function hasOf({ held, settings, what }, facts) {
  if (held.size) {
    const node = { settings, what };
    const rows = Array.from(held).slice(0, CHIPS_MAX).map(([copy, one]) => [{ message: copy }, ` ${one.state !== "working" ? HELD[one.state] : one.until && !hangs(node) ? `being worked on until ${secondsOf(one.until)}` : "begun, but it hangs"}`]);
    facts.push(["Has", spread(rows)]);
  }
}

/** A client: its calls, which stand in its script. */
function client(name, node, scene, facts) {
  program(name, node, scene, facts);
  const reads = new Set(Array.from(scene.links.values()).filter((link) => link.what === "consume" && link.target === name).map((link) => link.source));
  if (reads.size) facts.push(["Reads", spread(Array.from(reads, (one) => [{ node: one }]))]);
  hasOf(node, facts);
  const script = node.settings.script ?? [];
  const calls = script.slice(0, CALLS_MAX).map(({ at_ms, call, channel }) => [{ code: call }, ` at ${at_ms / 1000} s${channel > 1 ? ` over channel ${channel}` : ""}`]);
  facts.push(["Script", [...spread(calls), script.length > CALLS_MAX ? ` and ${script.length - CALLS_MAX} more` : ""].filter((item) => item !== "")]);
}

function program(name, node, scene, facts) {
  const { settings } = node;
  if (settings.blocked) facts.push(["Blocked", [`the broker is ${settings.blocked}, and reads nothing more from it`]]);
  if (settings.rate) facts.push(["Rate", [rateWords(settings.rate)]]);
  const to = settings.publish?.exchange;
  if (to !== undefined) facts.push(["Publishes to", [{ node: to || "amq.default" }, settings.publish.routing_key ? " with " : "", settings.publish.routing_key ? { code: settings.publish.routing_key } : ""]]);
  if (node.what === "producer") facts.push(["Confirms", [settings.confirms ? `on, ${node.unconfirmed} outstanding` : "off: it does not learn what became of a publish"]]);
}

function broker(name, node, scene, facts) {
  const { alarms = [] } = node.settings;
  if (alarms.length) facts.push(["Alarms", [`${alarms.join(" and ")}: it reads nothing more from those who publish`]]);
  const members = Object.entries(node.settings.members ?? {});
  if (members.length) facts.push(["Nodes", [members.map(([one, is]) => `${one} ${is}`).join(", ")]]);
  const policies = Object.entries(node.settings.policies ?? {});
  if (policies.length) facts.push(["Policies", spread(policies.map(([one, { pattern, priority }]) => [{ code: one }, " for ", { code: pattern }, priority ? ` with priority ${priority}` : ""]))]);
  const of = (what) => Array.from(scene.nodes).filter(([, one]) => one.what === what && one.settings.broker === name).map(([one]) => one);
  for (const [what, term] of [["exchange", "Exchanges"], ["queue", "Queues"]]) {
    const names = of(what);
    if (names.length) facts.push([term, spread(names.map((one) => [{ node: one }]))]);
  }
}

/** Items in a row, with commas between. */
function spread(rows) {
  return rows.flatMap((row, n) => (n ? [", ", ...row] : row)).filter((item) => item !== "");
}

function chips(copies, count) {
  const items = copies.slice(0, CHIPS_MAX).map((copy) => ({ message: copy, words: "" }));
  if (count > CHIPS_MAX) items.push(` and ${count - CHIPS_MAX} more`);
  return items;
}

/** One line for the table: what a node is doing. */
export function stateWords(name, node, scene) {
  const { settings } = node;
  const counts = scene.counts.get(name);
  if (node.what === "queue") return `${node.ready.size} ready, ${node.unacked.size} unacked`;
  if (node.what === "exchange") return `${(counts?.get("no_route") ?? 0) + (counts?.get("cycle") ?? 0)} without a queue`;
  if (node.what === "broker") return settings.alarms?.length ? `${node.status}, ${settings.alarms.join(" and ")} alarm` : node.status;
  if (node.what === "consumer") {
    if (node.status === "down") return node.held.size ? `crashed, with ${node.held.size} in hand` : "crashed";
    if (node.status === "waits") return "has not started yet";
    const slots = Array.from(node.held.values());
    const working = slots.find((one) => one.state === "working");
    const doing = hangs(node) || working?.until === 0 ? "hangs" : working ? `works until ${secondsOf(working.until)}` : "idle";
    return `${doing}, holds ${slots.length}${settings.ack !== "auto" && settings.prefetch ? ` of ${settings.prefetch}` : ""}`;
  }
  if (node.what === "client" && node.status !== "down" && !settings.blocked) return `${settings.script.length} calls, holds ${node.held.size}, ${counts?.get("published") ?? 0} published`;
  return node.status === "down" ? "crashed" : settings.blocked ? "blocked by the broker" : [rateWords(settings.rate), `${counts?.get("published") ?? 0} published`].filter(Boolean).join(", ");
}
