// The client code of SQS: boto3 for what a program does and for what an operator does. Pure.

import { together } from "./lab_code.js";
import { call, lines, py, template } from "./python_text.js";

const python = (body) => [{ title: "Python, boto3", text: `${body.flat().join("\n")}\n` }];
const shell = (title, ...text) => ({ title, text: `${text.join("\n")}\n` });
const CLIENT = 'sqs = boto3.client("sqs")';
const OPEN = ["import boto3", "", CLIENT];
const urlOf = (queue, name = "url") => [`${name} = sqs.get_queue_url(QueueName=${py(queue)})["QueueUrl"]`];
const seconds = (ms) => String(ms / 1000);
const ARN = "arn:aws:sqs:us-east-1:123456789012:";

/** Whether a node, or what an act names, is SQS's. */
export function ofSqs(command, nodes) {
  const named = [command.queue, command.node, command.copy?.split("@")[1]?.replace(/\.\d+$/, "")].map((one) => nodes.get(one)).find(Boolean);
  const broker = named?.what === "broker" ? named : (nodes.get(named?.settings?.broker) ?? [...nodes.values()].find((one) => one.what === "broker"));
  return broker?.settings?.kind === "sqs";
}

/** Texts for an act on SQS, or null where it is the same with every broker. */
export function sqsCode(command, nodes) {
  return CODE[command.do]?.(command, nodes) ?? null;
}

// --- acts

function send({ queue, body = "", group_id, deduplication_id, delay_seconds, repeat = 1, every_ms = 0 }) {
  const said = [["QueueUrl", "url"], ["MessageBody", py(body)]];
  if (group_id) said.push(["MessageGroupId", py(group_id)]);
  if (deduplication_id) said.push(["MessageDeduplicationId", deduplication_id.includes("{n}") ? template(deduplication_id, "you") : py(deduplication_id)]);
  if (delay_seconds !== undefined && delay_seconds !== null) said.push(["DelaySeconds", py(delay_seconds)]);
  const one = call("sqs.send_message", said);
  const loop = repeat > 1 || deduplication_id?.includes("{n}");
  return python([every_ms ? ["import time", ""] : [], OPEN, urlOf(queue), loop ? [`for n in range(${repeat}):`, ...lines([...one, ...(every_ms ? [`time.sleep(${seconds(every_ms)})`] : [])])] : one]);
}

function receive({ queue, then = "delete", count = 1, visibility_timeout }) {
  const said = [["QueueUrl", "url"], ["MaxNumberOfMessages", py(count)]];
  if (visibility_timeout !== undefined && visibility_timeout !== null) said.push(["VisibilityTimeout", py(visibility_timeout)]);
  const handle = ["QueueUrl", "url"];
  const after = {
    delete: call("sqs.delete_message", [handle, ["ReceiptHandle", 'message["ReceiptHandle"]']]),
    release: call("sqs.change_message_visibility", [handle, ["ReceiptHandle", 'message["ReceiptHandle"]'], ["VisibilityTimeout", "0"]]),
    leave: [],
  }[then];
  const [first, ...rest] = call("sqs.receive_message", said);
  return python([OPEN, urlOf(queue), `answer = ${first}`, rest, 'for message in answer.get("Messages", []):', lines(['print(message["Body"])', ...after])]);
}

const textOf = (attributes) => Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, typeof value === "object" ? JSON.stringify({ ...value, ...(value.deadLetterTargetArn ? { deadLetterTargetArn: `${ARN}${value.deadLetterTargetArn.split(":").pop()}` } : {}) }) : String(value)]));

const setAttributes = ({ queue, attributes }) => python([OPEN, urlOf(queue), call("sqs.set_queue_attributes", [["QueueUrl", "url"], ["Attributes", py(textOf(attributes))]])]);

function changeVisibility({ copy, seconds: hidden = 0 }) {
  const queue = copy.split("@")[1]?.replace(/\.\d+$/, "") ?? "";
  return python([OPEN, urlOf(queue), "# receipt_handle is what the latest receive of the message gave", call("sqs.change_message_visibility", [["QueueUrl", "url"], ["ReceiptHandle", "receipt_handle"], ["VisibilityTimeout", py(hidden)]])]);
}

function redrive({ queue, destination, per_second }) {
  const said = [["SourceArn", py(ARN + queue)]];
  if (destination) said.push(["DestinationArn", py(ARN + destination)]);
  if (per_second) said.push(["MaxNumberOfMessagesPerSecond", py(per_second)]);
  return python([OPEN, call("sqs.start_message_move_task", said)]);
}

function add({ node, what, settings = {} }) {
  if (what !== "queue") return sqsClientOf(what, node, settings);
  const attributes = textOf(settings.attributes ?? {});
  return python([OPEN, call("sqs.create_queue", [["QueueName", py(node)], ...(Object.keys(attributes).length ? [["Attributes", py(attributes)]] : [])])]);
}

function change({ node, settings }, nodes) {
  const known = nodes.get(node);
  const { latency_ms, ...rest } = settings;
  if (!known || !Object.keys(rest).length) return latency_ms === undefined ? [] : null;
  const now = { ...known.settings, ...rest };
  for (const part of ["send", "receive"]) if (rest[part]) now[part] = { ...known.settings[part], ...rest[part] };
  return sqsClientOf(known.what, node, now);
}

function restart({ node }, nodes) {
  const known = nodes.get(node);
  if (known?.what === "broker") return [shell("Nobody", "# no customer can do this: it is what a region looks like", "# while it is unavailable")];
  return known ? sqsClientOf(known.what, node, known.settings) : [];
}

const slow = ({ node, factor }, nodes) => (nodes.has(node) ? sqsClientOf(nodes.get(node).what, node, { ...nodes.get(node).settings, slow: factor }) : []);
const pid = (node) => `"$(cat '${node}.pid')"`;
const crash = ({ node }) => [shell("Shell, where it runs", "# it has no time to say anything,", "# and nothing tells SQS", `kill -KILL ${pid(node)}`)];

const CODE = {
  send, receive, add, change, restart, slow, redrive, crash, set_attributes: setAttributes, change_visibility: changeVisibility,
  purge: ({ queue }) => python([OPEN, urlOf(queue), "sqs.purge_queue(QueueUrl=url)"]),
  delete: ({ node }) => python([OPEN, urlOf(node), "sqs.delete_queue(QueueUrl=url)"]),
};

// --- programs

/** Texts for a program: [{title, text}]. */
export function sqsClientOf(what, name, settings) {
  const body = bodyOf(what, name, settings);
  return body ? python([importsOf(body), body]) : [];
}

/** A whole lab as one program: its queues are created, then each program runs in a thread. */
export function sqsLabOf(scene, broker) {
  return together(scene, broker, queuesOf(scene, broker), bodyOf, importsOf);
}

/** The lines of a program, less its imports; null where it is none. */
function bodyOf(what, name, settings) {
  const made = { producer, consumer }[what]?.(name, settings).flat();
  return made ? [CLIENT, ...made] : null;
}

function importsOf(body, more = []) {
  const own = [...new Set([...["random", "time"].filter((module) => body.some((line) => line.includes(`${module}.`))), ...more])].sort();
  return [...own.map((module) => `import ${module}`), ...(own.length ? [""] : []), "import boto3", ""];
}

/** Lines that create every queue there is; who sends dead letters where is set once all are there. */
function queuesOf(scene, broker) {
  const queues = [...scene.nodes]
    .filter(([, node]) => node.what === "queue" && node.settings.broker === broker)
    .map(([name, { settings }]) => [name, { ...(name.endsWith(".fifo") && { FifoQueue: "true" }), ...textOf(settings.attributes ?? {}) }]);
  const create = queues.flatMap(([name, { RedrivePolicy, RedriveAllowPolicy, ...rest }]) => call("sqs.create_queue", [["QueueName", py(name)], ...(Object.keys(rest).length ? [["Attributes", py(rest)]] : [])]));
  const policies = queues.flatMap(([name, { RedrivePolicy, RedriveAllowPolicy }]) => {
    const said = { ...(RedrivePolicy && { RedrivePolicy }), ...(RedriveAllowPolicy && { RedriveAllowPolicy }) };
    return Object.keys(said).length ? [...urlOf(name), ...call("sqs.set_queue_attributes", [["QueueUrl", "url"], ["Attributes", py(said)]])] : [];
  });
  return [CLIENT, ...create, ...policies];
}

function producer(name, { send: said = {}, rate = {}, count = null }) {
  const given = [["QueueUrl", "url"], ["MessageBody", template(said.body ?? "", name)]];
  if (said.MessageGroupId) given.push(["MessageGroupId", template(said.MessageGroupId, name)]);
  if (said.MessageDeduplicationId) given.push(["MessageDeduplicationId", template(said.MessageDeduplicationId, name)]);
  if (said.DelaySeconds !== undefined && said.DelaySeconds !== null) given.push(["DelaySeconds", py(said.DelaySeconds)]);
  const keyed = given.some(([, value]) => value.includes("{key}"));
  const keys = said.keys?.length ? said.keys : ["A"];
  const each = ["n += 1", ...(keyed ? [`key = random.choice(${py(keys)})`] : []), ...call("sqs.send_message", given)];
  const pause = rate.poisson ? `time.sleep(random.expovariate(${rate.poisson}))` : rate.constant ? `time.sleep(${rate.constant === 1 ? 1 : `1 / ${rate.constant}`})` : rate.burst ? `time.sleep(${seconds(rate.burst.every_ms)})` : "time.sleep(1)";
  const body = rate.burst?.count > 1 ? [`for _ in range(${rate.burst.count}):`, ...lines(each)] : each;
  return [urlOf(said.queue ?? ""), "n = 0", `while ${count ? `n < ${count}` : "True"}:`, lines([...body, pause])];
}

function consumer(name, { queue = "", receive: asked = {}, service = {}, slow: factor = 1, delete: deletes = "after", fail = null }) {
  const said = [["QueueUrl", "url"], ["MaxNumberOfMessages", py(asked.MaxNumberOfMessages ?? 1)]];
  for (const parameter of ["WaitTimeSeconds", "VisibilityTimeout"]) if (asked[parameter] !== undefined && asked[parameter] !== null) said.push([parameter, py(asked[parameter])]);
  const [first, ...rest] = call("sqs.receive_message", said);
  const gone = call("sqs.delete_message", [["QueueUrl", "url"], ["ReceiptHandle", 'message["ReceiptHandle"]']]);
  const time = service.exponential_ms ? `random.expovariate(1 / ${seconds(service.exponential_ms)})` : service.uniform_ms ? `random.uniform(${seconds(service.uniform_ms[0])}, ${seconds(service.uniform_ms[1])})` : seconds(service.constant_ms ?? 0);
  const work = [`time.sleep(${factor === 1 ? "" : `${factor} * `}${time})  # the work`];
  const each = deletes === "before" ? [...gone, ...work] : deletes === "never" ? work : [...work, ...(fail ? ["# what fails is not deleted, and comes back"] : []), ...gone];
  return [urlOf(queue), "while True:", lines([`answer = ${first}`, ...rest, 'for message in answer.get("Messages", []):', ...lines(each), ...(asked.WaitTimeSeconds ? [] : [`time.sleep(${seconds(asked.pause_ms ?? 100)})`])])];
}
