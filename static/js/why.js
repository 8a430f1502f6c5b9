// Why is a message where it is? mqlab/engine/why.py once more. Pure: no DOM.

import { say } from "./sentence.js";
import { bookOf } from "./story.js";
import { messageOf } from "./words.js";

const REASONS_MAX = 12;
const END_OUTCOMES = new Set(["acked", "rejected"]);
const ENDS = new Set(["Dropped", "Expired", "DeadLettered", "Purged", "NodeRemoved", "Unroutable", "Refused", "Redriven", "Deduplicated"]);
const HEAD_ONLY = "rabbitmq/ttl-head-only";
const PREFETCH = "rabbitmq/prefetch-per-consumer";
const GONE = "rabbitmq/auto-ack-gone";
const CLOSE = "rabbitmq/close-requeues";
const NO_MAJORITY = "rabbitmq/cluster-no-majority";
const ONE_NODE = "rabbitmq/cluster-classic-one-node";
const BLOCKED = "rabbitmq/alarm-blocks-publishers";
const TX = "rabbitmq/tx-commit";
const TIMEOUT = "sqs/visibility-timeout";
const LOCKED = "sqs/fifo-group-lock";
const ELSEWHERE = new Map([[`sqs ${CLOSE}`, "sqs/crash-unnoticed"]]); // what another kind of broker does in the same situation
const FAR_US = 600e6; // what is due later than a recording can be is not worth a word

/** The reasons at the scene's position, {situation, of, sentence, rule}: of all its places, or of its ends. */
export function why(scene, gathered) {
  const book = bookOf(scene);
  const message = gathered.message;
  const kind = Array.from(scene.nodes.values()).find((node) => node.what === "broker")?.settings.kind ?? "rabbitmq";
  const here = (rule) => (rule.startsWith(`${kind}/`) ? rule : (ELSEWHERE.get(`${kind} ${rule}`) ?? ""));
  const reason = (situation, of, fields, rule = "") => ({ situation, of, sentence: say(book.why[situation], fields, scene.nodes, message), rule: here(rule) });
  let found = places(scene, message, reason);
  if (!found.length) found = ends(gathered, reason);
  found.push(...flights(scene, message, ["return", "confirm", "confirm_nack"], reason));
  if (!found.length) found.push(reason("unknown", message, {}));
  return found.slice(0, REASONS_MAX);
}

function flights(scene, message, kinds, reason) {
  const found = [];
  for (const { what, source, target, arrives, of } of scene.flights.values()) {
    if (!kinds.includes(what) || !of.some((copy) => messageOf(copy) === message)) continue;
    const late = what === "publish" && arrives < scene.t;
    const alarms = late ? unread(scene, source) : null;
    if (what === "copy" && scene.nodes.get(target).settings.leader === "") found.push(reason("held_copy", of[0], { source, target, arrives }, NO_MAJORITY));
    else if (alarms) found.push(reason("held_publish", of[0], { source, target, arrives, ...alarms }, BLOCKED));
    else if (late) found.push(reason("held_commit", of[0], { source, target, arrives }, TX));
    else found.push(reason(`flight_${what}`, of[0], { source, target, arrives }));
  }
  return found;
}

/** The alarms for which the broker does not read what has come from this program, or null. */
function unread(scene, program) {
  const broker = scene.nodes.get(program)?.settings.broker ?? "";
  const alarms = scene.nodes.get(broker)?.settings.alarms ?? [];
  return alarms.length ? { broker, alarms: alarms.join(" and ") } : null;
}

function places(scene, message, reason) {
  const found = flights(scene, message, ["publish", "copy", "dead_letter"], reason);
  const start = `${message}@`;
  for (const [copy, state] of scene.copies) {
    if (!copy.startsWith(start)) continue;
    if (state.state === "ready") found.push(...ready(scene, copy, state, reason));
    else if (state.state === "unacked") {
      found.push(unacked(scene, copy, state, reason));
      if (state.until && scene.nodes.get(state.queue).unacked.get(copy)) found.push(reason("visible_again", copy, { queue: state.queue, until: state.until }, TIMEOUT));
    }
  }
  for (const [program, node] of scene.nodes) {
    for (const [copy, held] of node.held) {
      if (copy.startsWith(start) && !scene.copies.has(copy)) found.push(own(scene, copy, program, held, reason));
    }
  }
  return found;
}

function ready(scene, copy, state, reason) {
  const queue = scene.nodes.get(state.queue);
  const ahead = queue.ready.list().indexOf(copy);
  const found = [];
  if (scene.nodes.get(queue.settings.broker ?? "")?.status === "down") found.push(reason("waits_down", copy, { queue: state.queue, ahead }));
  else if (queue.settings.leader === "") found.push(reason("waits_leader", copy, { queue: state.queue, ahead }, NO_MAJORITY));
  else if (queue.settings.unavailable) found.push(reason("waits_home", copy, { queue: state.queue, ahead, home: queue.settings.node }, ONE_NODE));
  else if ("visibility_timeout_s" in queue.settings) found.push(visible(scene, copy, state, { queue: state.queue, ahead }, reason));
  else found.push(waits(scene, copy, state.queue, { queue: state.queue, ahead }, reason));
  if (!state.expires || state.expires >= scene.t + FAR_US) return found;
  const fields = { queue: state.queue, expires: state.expires };
  if (state.expires > scene.t) found.push(reason("expires", copy, fields));
  else if (ahead) found.push(reason("over_time", copy, fields, HEAD_ONLY));
  else found.push(reason("over_time_head", copy, fields));
  return found;
}

/** In a queue that gives nothing out by itself, but answers those who ask. */
function visible(scene, copy, state, fields, reason) {
  const queue = scene.nodes.get(state.queue);
  const locked = queue.settings.type === "fifo" && Array.from(queue.unacked).some(([one, holder]) => holder && scene.copies.get(one).group === state.group);
  if (locked) return reason("waits_locked", copy, { ...fields, group: state.group }, LOCKED);
  const names = [];
  for (const link of scene.links.values()) if (link.what === "consume" && link.source === state.queue && scene.nodes.has(link.target)) names.push(link.target);
  if (!names.length) return nobody(scene, copy, state.queue, fields, reason);
  if (names.every((name) => scene.nodes.get(name).held.size)) return reason("waits_busy", copy, { ...fields, idle: names });
  return reason("waits_room", copy, fields);
}

function nobody(scene, copy, queue, fields, reason) {
  for (const [status, situation] of [["down", "waits_crashed"], ["waits", "waits_unstarted"]]) {
    const idle = Array.from(scene.nodes).filter(([, node]) => node.status === status && reads(node, queue)).map(([name]) => name);
    if (idle.length) return reason(situation, copy, { ...fields, idle });
  }
  return reason("waits_nobody", copy, fields);
}

function waits(scene, copy, queue, fields, reason) {
  const names = new Set();
  for (const link of scene.links.values()) if (link.what === "consume" && link.source === queue && scene.nodes.has(link.target)) names.add(link.target);
  if (!names.size) return nobody(scene, copy, queue, fields, reason);
  const active = scene.nodes.get(queue).settings.active_consumer;
  const all = names.has(active) ? [active] : Array.from(names); // the others are not asked
  const loads = all.map((name) => load(scene, name, queue));
  const free = all.filter((_, n) => !loads[n][1] || loads[n][0] < loads[n][1]);
  if (free.length) return reason("waits_room", copy, { ...fields, free });
  const [holds, prefetch] = loads[0];
  const same = loads.every(([one, limit]) => one === holds && limit === prefetch);
  const situation = all.length === 1 ? "waits_full_one" : same ? "waits_full_same" : "waits_full";
  return reason(situation, copy, { ...fields, full: all, consumers: all.length, holds, prefetch, hangs: hangs(scene.nodes.get(all[0])) }, PREFETCH);
}

function reads(node, queue) {
  const queues = node.settings.queue ?? node.settings.queues ?? [];
  return queues === queue || (Array.isArray(queues) && queues.includes(queue));
}

/** How many of this queue's copies the program holds, and how many it may; 0: no limit. */
export function load(scene, program, queue) {
  const { settings } = scene.nodes.get(program);
  let holds = 0;
  for (const holder of scene.nodes.get(queue).unacked.values()) if (holder === program) holds++;
  return [holds, settings.ack === "auto" ? 0 : (settings.prefetch ?? 0)];
}

function flightOf(scene, what, copy) {
  for (const one of scene.flights.values()) if (one.what === what && one.of.includes(copy)) return one;
  return null;
}

function unacked(scene, copy, state, reason) {
  const queue = state.queue;
  const program = scene.nodes.get(queue).unacked.get(copy);
  const node = scene.nodes.get(program);
  const held = node?.held.get(copy);
  const fields = { queue, program };
  if (!program) return reason("set_aside", copy, { ...fields, until: scene.copies.get(copy).until });
  if (held === undefined || (node.what !== "consumer" && node.what !== "client")) return reason("unacked", copy, fields);
  if (held.state === "dead") {
    for (const one of scene.flights.values()) if (one.what === "close" && one.source === program) return reason("crashed", copy, { ...fields, arrives: one.arrives }, CLOSE);
    return reason("let_go", copy, fields, CLOSE);
  }
  const ack = flightOf(scene, "ack", copy);
  const nack = flightOf(scene, "nack", copy);
  if ((ack ?? nack)?.arrives < scene.t && node.what === "client") return reason("settling_commit", copy, fields, TX);
  if (ack) return reason(held.state === "working" && held.until && !hangs(node) ? "working_acking" : "acking", copy, { ...fields, arrives: ack.arrives, until: held.until });
  if (nack) return reason("nacking", copy, { ...fields, arrives: nack.arrives });
  if (held.state === "on_way") return reason("on_way", copy, { ...fields, arrives: flightOf(scene, "delivery", copy)?.arrives ?? scene.t });
  if (held.state === "working") return reason(held.until && !hangs(node) ? "working" : "hung", copy, { ...fields, until: held.until, started: held.started });
  if (held.state === "buffered") return reason("buffered", copy, { ...fields, ...busy(node) });
  return reason("done", copy, fields);
}

/** Whether the program takes and finishes nothing. */
export function hangs(node) {
  return Boolean(node.settings.hung);
}

function busy(node) {
  if (hangs(node)) return { until: 0 };
  for (const held of node.held.values()) if (held.state === "working") return { until: held.until };
  return {};
}

/** For the broker it is done; only the program still has it. */
function own(scene, copy, program, held, reason) {
  if (held.state === "on_way") return reason("own_on_way", copy, { program, arrives: flightOf(scene, "delivery", copy)?.arrives ?? scene.t }, GONE);
  if (held.state === "working") return reason("own_working", copy, { program, until: hangs(scene.nodes.get(program)) ? 0 : held.until }, GONE);
  return reason("own_buffered", copy, { program }, GONE);
}

function ends(gathered, reason) {
  const found = new Map();
  const queues = new Map();
  for (const action of gathered.actions) {
    for (const event of action) {
      if (event.kind === "Routed") event.of.forEach((copy, n) => queues.set(copy, event.to[n]));
      if (event.kind === "Enqueued" || event.kind === "Delivered") queues.set(event.of[0], event.queue);
      const situation = end(event);
      if (!situation) continue;
      for (const copy of event.of) {
        if (messageOf(copy) === gathered.message) found.set(copy, reason(situation, copy, { queue: queues.get(copy) ?? "", ...event }, event.rule));
      }
    }
  }
  const all = Array.from(found.values());
  const last = all.filter((one) => one.situation !== "ended_DeadLettered" && one.situation !== "ended_Redriven");
  return last.length ? last : all;
}

function end(event) {
  if (event.kind === "Settled" && END_OUTCOMES.has(event.outcome)) return `ended_${event.outcome}`;
  if (event.kind === "Delivered" && event.auto_ack) return "ended_auto";
  if (event.kind === "Lost" && event.what === "publish") return "lost_publish";
  if (event.kind === "Lost" && (event.what === "message" || event.ends)) return "ended_Lost";
  return ENDS.has(event.kind) ? `ended_${event.kind}` : "";
}
