// The client code that an act stands for: pika for what a program does, HTTP and rabbitmqctl for what an operator
// does. Pure: a command and the nodes of the scene in, texts out; a test compiles them, and runs them on a broker.

import { clientOf } from "./client_code.js";
import { call, lines, py, table } from "./python_text.js";
import { REDIS_CODE, redisThings } from "./redis_code.js";
import { ofSqs, sqsCode } from "./sqs_code.js";

const API = "http://localhost:15672/api";

/** Texts for a command: [{title, text}]. `nodes`: name -> {what, settings} (a Map). */
export function codeOf(command, nodes) {
  const redis = Array.from(nodes.values()).some((node) => node.what === "broker" && node.settings?.kind === "redis");
  if (redis) return REDIS_CODE[command.do]?.(command, nodes) ?? (command.do === "add" || command.do === "delete" ? redisThings(command, nodes) : []);
  if (ofSqs(command, nodes)) return sqsCode(command, nodes) ?? (HERE.has(command.do) ? CODE[command.do](command, nodes) : []);
  return CODE[command.do]?.(command, nodes) ?? [];
}

// --- pieces

const exchangeOf = (name) => (name === "amq.default" ? "" : name);
const python = (...body) => ({ title: "Python, pika", text: `${body.flat().join("\n")}\n` });
const shell = (title, ...text) => ({ title, text: `${text.join("\n")}\n` });
const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
const part = (name) => encodeURIComponent(name).replace(/['!()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** A whole program that does these lines on a channel. */
function program(body, { confirms = false, imports = [] } = {}) {
  return python(
    ["import pika", ...imports, ""],
    'connection = pika.BlockingConnection(pika.ConnectionParameters("localhost"))',
    "channel = connection.channel()",
    confirms ? ["channel.confirm_delivery()"] : [],
    body,
    "connection.close()",
  );
}

/** pika has no way to write a double: who wants one takes another way. */
function unlessDouble(fields, doubles, made) {
  const deep = (value) => (typeof value === "number" ? !Number.isInteger(value) : value !== null && typeof value === "object" && Object.values(value).some(deep));
  if (!doubles.length && !deep(fields ?? {})) return made;
  return python("# pika writes no AMQP doubles: it raises", "# UnsupportedAMQPFieldException. Send this", "# over HTTP, or with another client.");
}

/** curl to the management interface; a body is JSON, whole doubles written as such. */
function http(method, path, body) {
  const json = body === undefined ? "" : ` \\\n  -H 'content-type: application/json' -d ${quoted(body)}`;
  return shell("HTTP, management interface", `curl -u guest:guest -X ${method} ${quoted(`${API}${path}`)}${json}`);
}

/** JSON in which the named whole numbers are doubles. */
function jsonTable(fields, doubles = []) {
  const entries = Object.entries(fields ?? {}).map(([name, value]) => `${JSON.stringify(name)}: ${doubles.includes(name) && Number.isInteger(value) ? value.toFixed(1) : JSON.stringify(value)}`);
  return `{${entries.join(", ")}}`;
}

// --- publish

function publish(command) {
  const { repeat = 1, every_ms = 0, mandatory = false, doubles = [] } = command;
  const properties = Object.entries(command.properties ?? {}).map(([name, value]) => [name, py(value)]);
  if (command.headers && Object.keys(command.headers).length) properties.push(["headers", table(command.headers, doubles)]);
  const send = call("channel.basic_publish", [
    ["exchange", py(exchangeOf(command.exchange))],
    ["routing_key", py(command.routing_key ?? "")],
    ["body", py(command.body ?? "")],
    ...(properties.length ? [["properties", call("pika.BasicProperties", properties).join("\n")]] : []),
    ...(mandatory ? [["mandatory", "True"]] : []),
  ]);
  let body = send;
  if (mandatory) body = ["try:", ...lines(send), "except pika.exceptions.UnroutableError:", '    print("returned: no queue took it")'];
  if (repeat > 1) body = [`for n in range(${repeat}):`, ...lines(body), ...(every_ms ? [`    connection.sleep(${every_ms / 1000})`] : [])];
  const made = [unlessDouble(command.headers, doubles, program(body, { confirms: true, imports: mandatory ? ["import pika.exceptions"] : [] }))];
  if (repeat === 1) {
    const headers = command.headers ? [`"headers": ${jsonTable(command.headers, doubles)}`] : [];
    const rest = Object.entries(command.properties ?? {}).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
    const props = `{${[...rest, ...headers].join(", ")}}`;
    made.push(http("POST", `/exchanges/%2F/${part(command.exchange || "amq.default")}/publish`,
      `{"properties": ${props}, "routing_key": ${JSON.stringify(command.routing_key ?? "")}, "payload": ${JSON.stringify(command.body ?? "")}, "payload_encoding": "string"}`));
  }
  return made;
}

// --- topology

function add(command, nodes) {
  const { node, what, settings = {} } = command;
  if (["producer", "consumer", "client"].includes(what)) return clientOf(what, node, { ...settings, broker: undefined });
  const { durable = true, auto_delete = false, internal = false, arguments: args = {} } = settings;
  const flags = [["durable", py(durable)], ...(auto_delete ? [["auto_delete", "True"]] : [])];
  const more = Object.keys(args).length ? [["arguments", table(args)]] : [];
  if (what === "exchange") {
    const kind = settings.type ?? "direct";
    const inner = internal ? [["internal", "True"]] : [];
    return [
      program(call("channel.exchange_declare", [["exchange", py(node)], ["exchange_type", py(kind)], ...flags, ...inner, ...more])),
      http("PUT", `/exchanges/%2F/${part(node)}`, JSON.stringify({ type: kind, durable, auto_delete, internal, arguments: args })),
    ];
  }
  return [
    program(call("channel.queue_declare", [["queue", py(node)], ...flags, ...more])),
    http("PUT", `/queues/%2F/${part(node)}`, JSON.stringify({ durable, auto_delete, arguments: args })),
  ];
}

function bind(command, nodes) {
  const { source, destination, routing_key = "", doubles = [] } = command;
  const queue = nodes.get(destination)?.what !== "exchange";
  const args = command.arguments && Object.keys(command.arguments).length ? [["arguments", table(command.arguments, doubles)]] : [];
  const ends = queue ? [["queue", py(destination)], ["exchange", py(source)]] : [["destination", py(destination)], ["source", py(source)]];
  const verb = `channel.${queue ? "queue" : "exchange"}_${command.do}`;
  const path = `/bindings/%2F/e/${part(source)}/${queue ? "q" : "e"}/${part(destination)}`;
  const made = [unlessDouble(command.arguments, doubles, program(call(verb, [...ends, ["routing_key", py(routing_key)], ...args])))];
  if (command.do === "bind") made.push(http("POST", path, `{"routing_key": ${JSON.stringify(routing_key)}, "arguments": ${jsonTable(command.arguments, doubles)}}`));
  else if (!args.length) made.push(http("DELETE", `${path}/${routing_key === "" ? "~" : part(routing_key)}`));
  return made;
}

function remove(command, nodes) {
  const { node, if_unused = false, if_empty = false } = command;
  const conditions = [...(if_unused ? ["if-unused=true"] : []), ...(if_empty ? ["if-empty=true"] : [])];
  const query = conditions.length ? `?${conditions.join("&")}` : "";
  const flags = [...(if_unused ? [["if_unused", "True"]] : []), ...(if_empty ? [["if_empty", "True"]] : [])];
  const what = nodes.get(node)?.what === "exchange" ? "exchange" : "queue";
  const made = [
    program(call(`channel.${what}_delete`, [[what, py(node)], ...flags])),
    http("DELETE", `/${what}s/%2F/${part(node)}${query}`),
  ];
  if (what === "queue") made.push(shell("rabbitmqctl", `rabbitmqctl delete_queue ${quoted(node)}${if_empty ? " --if-empty" : ""}${if_unused ? " --if-unused" : ""}`));
  return made;
}

function purge({ queue }) {
  return [
    program(call("channel.queue_purge", [["queue", py(queue)]])),
    http("DELETE", `/queues/%2F/${part(queue)}/contents`),
    shell("rabbitmqctl", `rabbitmqctl purge_queue ${quoted(queue)}`),
  ];
}

const SETTLED = {
  ack: ["channel.basic_ack(delivery_tag=tag)", "ack_requeue_false"],
  requeue: ["channel.basic_nack(delivery_tag=tag, requeue=True)", "ack_requeue_true"],
  reject: ["channel.basic_reject(delivery_tag=tag, requeue=False)", "reject_requeue_false"],
};

function get({ queue, then = "ack", count = 1 }) {
  const [settle, mode] = SETTLED[then];
  return [
    program([
      "tags = []",
      `while len(tags) < ${count}:`,
      `    method, properties, body = channel.basic_get(queue=${py(queue)})`,
      "    if method is None:",
      "        break",
      "    print(body)",
      "    tags.append(method.delivery_tag)",
      "for tag in tags:",
      `    ${settle}`,
    ]),
    http("POST", `/queues/%2F/${part(queue)}/get`, JSON.stringify({ count, ackmode: mode, encoding: "auto" })),
  ];
}

// --- programs

const pid = (node) => `"$(cat ${quoted(`${node}.pid`)})"`;
const signal = (name, why) => ({ node }) => [shell("Shell, where it runs", ...why.map((one) => `# ${one}`), `kill -${name} ${pid(node)}`)];

function restart({ node }, nodes) {
  const known = nodes.get(node);
  if (known?.what === "broker") return [shell("rabbitmqctl", "rabbitmqctl stop_app", "rabbitmqctl start_app")];
  return known ? clientOf(known.what, node, known.settings) : [];
}

function change({ node, settings }, nodes) {
  const known = nodes.get(node);
  const { latency_ms, ...rest } = settings;
  const made = latency_ms === undefined ? [] : [shell("Shell, where it runs", "# delays everything that leaves this machine", `tc qdisc replace dev eth0 root netem delay ${latency_ms}ms`)];
  if (!known || !Object.keys(rest).length) return made;
  const now = { ...known.settings, ...rest };
  if (rest.publish) now.publish = { ...known.settings.publish, ...rest.publish };
  return [...clientOf(known.what, node, now), ...made];
}

function slow({ node, factor }, nodes) {
  const known = nodes.get(node);
  return known ? clientOf(known.what, node, { ...known.settings, slow: factor }) : [];
}

const WATERMARKS = {
  memory: { raise_alarm: "set_vm_memory_high_watermark absolute 1", clear_alarm: "set_vm_memory_high_watermark 0.6" },
  disk: { raise_alarm: "set_disk_free_limit 100TB", clear_alarm: "set_disk_free_limit 50MB" },
};

function alarm({ do: verb, resource = "memory" }) {
  return [shell("rabbitmqctl", verb === "raise_alarm" ? "# there is never so much of it" : "# the default", `rabbitmqctl ${WATERMARKS[resource][verb]}`)];
}

function setPolicy({ policy, pattern, definition, priority = 0, apply_to = "all" }) {
  return [
    shell("rabbitmqctl", `rabbitmqctl set_policy ${quoted(policy)} ${quoted(pattern)} \\`, `  ${quoted(JSON.stringify(definition))} --priority ${priority} --apply-to ${apply_to}`),
    http("PUT", `/policies/%2F/${part(policy)}`, JSON.stringify({ pattern, definition, priority, "apply-to": apply_to })),
  ];
}

const clearPolicy = ({ policy }) => [shell("rabbitmqctl", `rabbitmqctl clear_policy ${quoted(policy)}`), http("DELETE", `/policies/%2F/${part(policy)}`)];

const onNode = (verb) => ({ node }) => [shell("rabbitmqctl", `rabbitmqctl -n ${quoted(node)} ${verb}`)];
const cutOff = ({ node }) => [shell("Shell, on that node", `# ${node} and the others hear nothing of each other`, "iptables -A INPUT -p tcp --dport 25672 -j DROP", "iptables -A OUTPUT -p tcp --dport 25672 -j DROP")];
const heal = () => [shell("Shell, on that node", "iptables -D INPUT -p tcp --dport 25672 -j DROP", "iptables -D OUTPUT -p tcp --dport 25672 -j DROP")];
const cancel = () => [python("# consumer_tag is what basic_consume returned", "channel.basic_cancel(consumer_tag)")];
const closeChannel = () => [python("channel.close()", "channel = connection.channel()")];
const abort = () => [shell("Shell, where it runs", "# resets the connection: neither side can say a word", "ss --kill dport = :5672")];

function disconnect() {
  return [
    shell("rabbitmqctl", "# the first column has the process id", "rabbitmqctl list_connections pid client_properties", "rabbitmqctl close_connection '<process id>' 'Closed by hand'"),
    http("DELETE", "/connections/<name of the connection>"),
  ];
}

const HERE = new Set(["hang", "resume", "change", "remove"]); // the same with every broker
const CODE = {
  publish, add, bind, unbind: bind, delete: remove, purge, get, restart, change, slow, disconnect, raise_alarm: alarm, clear_alarm: alarm,
  stop_node: onNode("stop_app"), start_node: onNode("start_app"), cut_off: cutOff, heal,
  cancel, close_channel: closeChannel, abort, set_policy: setPolicy, clear_policy: clearPolicy,
  crash: signal("KILL", ["It has no time to say anything:", "the broker sees the connection break."]),
  hang: signal("STOP", ["This stops its heartbeats too: a real broker", "closes the connection in about a minute.", "In the lab they go on, as from a thread."]),
  resume: signal("CONT", []),
  remove: signal("TERM", ["It closes its connection and ends:", "connection.close()"]),
};
