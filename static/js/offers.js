// What may be done to a node with one press, and why not, where not. Pure.

import { kindAt } from "./dom.js";

const READY = 4; // so many times as slow

/** [{words, short, command, why, rule}] for a node; `why` says what forbids the act just now, `rule` by which rule. */
export function offersOf(scene, name) {
  const node = scene.nodes.get(name);
  if (!node) return [];
  const away = scene.nodes.get(node.settings.broker)?.status === "down" ? `${node.settings.broker} is down until it has started again` : "";
  const kind = kindAt(scene, name);
  return (OFFERS[kind]?.[node.what] ?? ALL[node.what])?.(name, node, away, scene) ?? [];
}

const offer = (words, short, command, why = "", rule = "") => ({ words, short, command, why, rule });

/** The life of any program; `own(off)`: what only those of its kind of broker can do besides. */
function program(name, node, away, own = () => []) {
  const { hung, slow = 1 } = node.settings;
  const stopping = node.status === "stopping" ? `${name} is shutting down` : "";
  const off = stopping || (node.status === "up" ? "" : `${name} is not running`);
  const rest = node.what === "consumer" ? [
    ...(slow === 1 ? [] : [offer(`${name} at full speed`, "Full speed", { do: "slow", node: name, factor: 1 }, stopping)]),
    ...[READY, 20].filter((factor) => factor !== slow).map((factor) => offer(`Slow ${name} × ${factor}`, `Slow × ${factor}`, { do: "slow", node: name, factor }, stopping)),
  ] : [];
  return [
    node.status === "up"
      ? offer(`Crash ${name}`, "Crash", { do: "crash", node: name })
      : offer(node.status === "waits" ? `Start ${name}` : `Restart ${name}`, node.status === "waits" ? "Start" : "Restart", { do: "restart", node: name }, stopping),
    hung ? offer(`Let ${name} go on`, "Go on", { do: "resume", node: name }) : offer(`Hang ${name}`, "Hang", { do: "hang", node: name }, off),
    ...rest,
    ...own(off || away),
    offer("Break its connection", "Break", { do: "abort", node: name }, off || away),
    offer("Close its connection", "Disconnect", { do: "disconnect", node: name }, off || away),
    offer(`Remove ${name}`, "Remove", { do: "remove", node: name }, stopping),
  ];
}

function exchange(name, node, away) {
  const command = { do: "delete", node: name };
  const words = [`Delete ${name}`, "Delete", command];
  if (name === "amq.default") return [offer(...words, "the default exchange cannot be deleted", "rabbitmq/default-exchange-protected")];
  if (name.startsWith("amq.")) return [offer(...words, "an exchange of the system stays", "rabbitmq/reserved-prefix")];
  return [offer(...words, away), offer("Delete if unused", "If unused", { ...command, if_unused: true }, away)];
}

function queue(name, node, away) {
  const conditional = node.settings.type === "quorum" ? ["a quorum queue takes no conditions", "rabbitmq/quorum-declare"] : [away];
  return [
    offer("Purge what is ready", "Purge", { do: "purge", queue: name }, away),
    offer("Get one and ack it", "Get one", { do: "get", queue: name }, away),
    offer("Get one and put it back", "Look at one", { do: "get", queue: name, then: "requeue" }, away),
    offer("Get one and reject it", "Reject one", { do: "get", queue: name, then: "reject" }, away),
    offer(`Delete ${name}`, "Delete", { do: "delete", node: name }, away),
    offer("Delete if unused and empty", "If unused", { do: "delete", node: name, if_unused: true, if_empty: true }, ...conditional),
  ];
}

function broker(name, node) {
  const down = node.status === "down" ? "it is down, and comes up by itself" : "";
  const alarms = ["memory", "disk"].map((resource) => (node.settings.alarms ?? []).includes(resource)
    ? offer(`End the ${resource} alarm`, `End ${resource} alarm`, { do: "clear_alarm", node: name, resource }, down)
    : offer(`Raise the ${resource} alarm`, `${resource === "memory" ? "Memory" : "Disk"} alarm`, { do: "raise_alarm", node: name, resource }, down));
  return [offer(`Restart ${name}`, "Restart", { do: "restart", node: name }, down), ...members(name, node.settings.members ?? {}), ...alarms];
}

/** Stop, cut off, start, heal: what each node of a cluster allows. */
function members(broker, nodes) {
  const last = Object.values(nodes).filter((one) => one === "up").length < 2 ? "one node has to stay up" : "";
  const offers = Object.entries(nodes).flatMap(([node, is]) => {
    if (is === "down") return [offer(`Start ${node}`, `Start ${node}`, { do: "start_node", node })];
    if (is !== "up") return [];
    return [offer(`Stop ${node}`, `Stop ${node}`, { do: "stop_node", node }, last), offer(`Cut ${node} off`, `Cut ${node} off`, { do: "cut_off", node }, last)];
  });
  if (Object.values(nodes).includes("cut off")) offers.unshift(offer("Heal the network", "Heal", { do: "heal", node: broker }));
  return offers;
}

/** A program with a channel, and perhaps a subscription over it. */
function amqp(name, node, away) {
  return program(name, node, away, (off) => [
    ...(node.what === "consumer" ? [offer("Cancel its consumer", "Cancel", { do: "cancel", node: name }, off)] : []),
    offer("Close its channel", "Close channel", { do: "close_channel", node: name }, off),
  ]);
}

/** A program that asks over HTTP: there is no connection to break or to close. */
const http = (name, node, away) => program(name, node, away).filter((one) => one.command.do !== "abort" && one.command.do !== "disconnect");

function polled(name, node, away, scene) {
  const sources = Array.from(scene.nodes.values()).some((one) => one.settings.dead_letter_queue === name);
  const held = Array.from(node.unacked).filter(([, holder]) => holder).slice(0, 3).map(([copy]) => copy);
  return [
    offer("Receive one and delete it", "Receive one", { do: "receive", queue: name }, away),
    offer("Receive one and leave it in flight", "Look at one", { do: "receive", queue: name, then: "leave" }, away),
    ...held.map((copy) => offer(`Show ${copy} at once`, "Show at once", { do: "change_visibility", copy }, away)),
    ...(sources ? [offer("Redrive its messages", "Redrive", { do: "redrive", queue: name }, away)] : []),
    offer("Purge it", "Purge", { do: "purge", queue: name }, away),
    offer(`Delete ${name}`, "Delete", { do: "delete", node: name }, away),
  ];
}

const region = (name, node) => [offer(`Make ${name} unavailable for a while`, "Unavailable", { do: "restart", node: name }, node.status === "down" ? "it is unavailable, and comes back by itself" : "")];

/** What only some kind of broker knows, or knows otherwise. */
const OFFERS = {
  rabbitmq: { consumer: amqp, producer: amqp, client: amqp, exchange, queue, broker },
  sqs: { consumer: http, producer: http, you: () => [], queue: polled, broker: region },
};
const plain = (name, node, away) => program(name, node, away);
const ALL = {
  consumer: plain,
  producer: plain,
  client: plain,
  you: (name, node, away) => [offer("Close your connection", "Disconnect", { do: "disconnect", node: name }, away)],
};

/** The consumer to crash so that a message is delivered again, or "": one that works on it, else one that only holds it. */
export function redeliverable(scene) {
  const consumers = Array.from(scene.nodes).filter(([, node]) => node.what === "consumer" && node.status === "up");
  const holds = (states) => consumers.find(([, node]) => Array.from(node.held.values()).some((one) => one.slot && states.includes(one.state)));
  return (holds(["working"]) ?? holds(["buffered", "on_way"]))?.[0] ?? "";
}

/** The consumer whose ack is on its way, so that a broken connection makes a duplicate; or "". */
export function duplicable(scene) {
  for (const flight of scene.flights.values()) if (flight.what === "ack" && scene.nodes.get(flight.source)?.what === "consumer") return flight.source;
  return "";
}
