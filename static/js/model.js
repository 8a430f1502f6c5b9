// The picture as data, and how each event changes it: mqlab/engine/fold.py and tally.py once more, for the
// browser. Pure: no DOM, no clock. `open` reads a scene from JSON, `fold` changes it in place. A test writes the same
// JSON again (tests/js/plain.js), and so holds the two languages together.

import { logs } from "./model_logs.js";
import { Copy, Flight, forget, forgetAll, Held, keyOf, leave, Link, Node, Ready, tally, trace, Traces, unlend } from "./model_parts.js";

class Scene {
  constructor() {
    this.t = 0;
    this.i = 0;
    this.nodes = new Map();
    this.links = new Map();
    this.copies = new Map();
    this.flights = new Map();
    this.counts = new Map();
    this.piles = new Map();
    this.verdicts = new Map();
    this.goals = [];
    this.storm = "";
    this.offered = false;
    this.predictions = [];
    this.traces = new Traces();
    this.shape = 0; // counts changes of nodes and links: when it moves, the layout is made anew
  }
}

const maps = (object, make) => new Map(Object.entries(object ?? {}).map(([name, value]) => [name, make(value)]));
const same = (value) => value;

/** A scene from the server's JSON. */
export function open(json) {
  const scene = new Scene();
  [scene.t, scene.i] = json.at;
  scene.nodes = maps(json.nodes, (n) => {
    const node = new Node(n.what, { ...n.settings }, n.status ?? "up");
    node.ready = new Ready([...(n.ready ?? [])]);
    node.unacked = maps(n.unacked, same);
    node.unconfirmed = n.unconfirmed ?? 0;
    node.held = maps(n.held, (h) => Object.assign(new Held(h.key, h.state, h.slot, false), h));
    node.memory = maps(n.memory, same);
    node.entries = [...(n.entries ?? [])];
    return node;
  });
  scene.links = maps(json.links, (l) => new Link(l.what, l.source, l.target, l.routing_key ?? "", l.arguments ?? null));
  scene.copies = maps(json.copies, (c) => Object.assign(new Copy(c.queue, c.key, c.state, ""), c));
  scene.flights = maps(json.flights, (f) => new Flight(f.what, f.source, f.target, f.sent, f.arrives, f.of, f.key ?? "", f.redelivered ?? false));
  scene.counts = maps(json.counts, (counts) => maps(counts, same));
  scene.piles = maps(json.piles, (pile) => [...pile]);
  scene.verdicts = maps(json.verdicts, same);
  scene.goals = [...(json.goals ?? [])];
  scene.storm = json.storm ?? "";
  scene.offered = json.offered ?? false;
  scene.predictions = [...(json.predictions ?? [])];
  return scene;
}

/** An independent copy of a scene. */
export function clone(scene) {
  const made = new Scene();
  const twin = (value) => Object.assign(Object.create(Object.getPrototypeOf(value)), value);
  const each = (map, make) => new Map(Array.from(map, ([name, value]) => [name, make(value)]));
  Object.assign(made, scene);
  made.nodes = each(scene.nodes, (n) => {
    const node = new Node(n.what, { ...n.settings }, n.status);
    node.ready = n.ready.copy();
    node.unacked = new Map(n.unacked);
    node.unconfirmed = n.unconfirmed;
    node.held = each(n.held, twin);
    node.memory = new Map(n.memory);
    node.entries = [...n.entries];
    return node;
  });
  made.links = new Map(scene.links);
  made.copies = each(scene.copies, twin);
  made.flights = new Map(scene.flights);
  made.counts = each(scene.counts, (counts) => new Map(counts));
  made.piles = each(scene.piles, (pile) => [...pile]);
  made.verdicts = new Map(scene.verdicts);
  made.goals = [...scene.goals];
  made.predictions = [...scene.predictions];
  made.traces = scene.traces.copy();
  return made;
}

/** Apply events [from, to) in place. The position moves to just after the last whole action. */
export function fold(scene, events, from = 0, to = events.length) {
  for (let n = from; n < to; n++) {
    const event = events[n];
    trace(scene, event);
    apply(scene, event);
    tally(scene, event);
    if (event.t !== scene.t) {
      scene.t = event.t;
      scene.i = 0;
    }
    if (event.last === true) scene.i++;
  }
  return scene;
}

function progress(scene, e, state) {
  const node = scene.nodes.get(e.program);
  for (const copy of e.of) {
    const held = node.held.get(copy);
    if (held === undefined) continue;
    held.state = state;
    held.started = held.until = 0;
    if (state === "done" && !held.slot) node.held.delete(copy);
  }
}

function die(held) {
  held.state = "dead";
  held.started = held.until = 0;
}

function letGo(node, spared = "") {
  for (const held of node.held.values()) if (held.slot && held.state !== spared) die(held);
}

function delivered(scene, e) {
  const copy = e.of[0];
  const key = keyOf(scene, copy);
  const auto = e.auto_ack === true;
  const again = e.redelivered === true;
  if (auto) {
    forget(scene, copy);
  } else {
    const queue = scene.nodes.get(e.queue);
    queue.ready.remove(copy);
    queue.unacked.set(copy, e.program);
    const state = scene.copies.get(copy);
    state.state = "unacked";
    state.until = e.until ?? 0;
    state.hidden = e.t;
  }
  scene.nodes.get(e.program).held.set(copy, new Held(key, "on_way", !auto, again));
  leave(scene, e, "delivery", e.queue, e.program, key, again);
}

function routed(scene, e) {
  scene.flights.delete(e.cause);
  for (let n = 0; n < e.of.length; n++) {
    const copy = e.of[n];
    const queue = e.to[n];
    scene.copies.set(copy, new Copy(queue, e.key, "arriving", e.origin ?? ""));
    scene.flights.set(copy, new Flight("copy", e.exchange, queue, e.t, e.arrives[n], [copy], e.key, false));
  }
}

function enqueued(scene, e) {
  const copy = e.of[0];
  scene.flights.delete(copy);
  if (e.born === true) born(scene, e);
  const state = scene.copies.get(copy);
  state.state = "ready";
  state.expires = e.expires ?? 0;
  state.priority = e.priority ?? 0;
  scene.nodes.get(e.queue).ready.insert(e.at ?? -1, copy);
}

/** No exchange routed it: the copy begins here, and with it what its queue remembers of it. */
function born(scene, e) {
  scene.flights.delete(e.cause);
  const made = new Copy(e.queue, e.key ?? "", "arriving", e.origin ?? "");
  made.group = e.group ?? "";
  made.entered = e.t;
  scene.copies.set(e.of[0], made);
  if (e.remembered) scene.nodes.get(e.queue).memory.set(e.dedup ?? "", e.remembered);
}

/** What a queue holds itself is unacked by nobody. */
function setAside(scene, e) {
  const queue = scene.nodes.get(e.queue);
  for (const copy of e.of) {
    if (queue.unacked.has(copy)) unlend(scene, queue, copy);
    else queue.ready.remove(copy);
    queue.unacked.set(copy, "");
    const state = scene.copies.get(copy);
    state.state = "unacked";
    state.until = e.until;
    state.hidden = e.t;
  }
}

function requeued(scene, e) {
  const queue = scene.nodes.get(e.queue);
  for (let n = 0; n < e.of.length; n++) {
    const copy = e.of[n];
    unlend(scene, queue, copy);
    const state = scene.copies.get(copy);
    state.state = "ready";
    state.until = 0;
    if (e.first !== true) {
      state.redelivered = true;
      state.returns++;
    }
    queue.ready.insert(e.at[n], copy);
  }
}

function lost(scene, e) {
  for (const name of e.flights ?? []) scene.flights.delete(name);
  if (e.ends === true) forgetAll(scene, e.of);
  const node = scene.nodes.get(e.node);
  if (node === undefined || e.what === "ack" || e.what === "nack") return;
  for (const copy of e.of) {
    const held = node.held.get(copy);
    if (held === undefined) continue;
    die(held);
    if (!held.slot) node.held.delete(copy);
  }
}

function change(settings, changes) {
  for (const [field, value] of Object.entries(changes)) {
    if (value === null) delete settings[field];
    else settings[field] = value;
  }
}

/** The broker of a program, to or from which a close travels. */
function close(scene, e, program, source) {
  if (!((e.arrives ?? -1) >= 0)) return;
  const broker = scene.nodes.get(program).settings.broker ?? "";
  const ends = source === program ? [program, broker] : [broker, program];
  scene.flights.set(e.name, new Flight("close", ends[0], ends[1], e.t, e.arrives, [], "", false));
}

function policy(settings, e) {
  const { [e.policy]: _, ...others } = settings.policies ?? {};
  settings.policies = e.kind === "PolicySet" ? { ...others, [e.policy]: { pattern: e.pattern, definition: e.definition, priority: e.priority ?? 0, apply_to: e.apply_to ?? "all" } } : others;
  if (!Object.keys(settings.policies).length) delete settings.policies;
}

function apply(scene, e) {
  switch (e.kind) {
    case "Published":
      if (e.seq && e.again !== true && scene.nodes.get(e.program).what === "producer") scene.nodes.get(e.program).unconfirmed++;
      return leave(scene, e, "publish", e.program, e.exchange, e.key);
    case "Routed": return routed(scene, e);
    case "Replied":
      scene.flights.delete(e.cause);
      scene.nodes.get(e.program).held.set(e.of[0], new Held(e.key, "on_way", false, false));
      return leave(scene, e, "delivery", e.exchange, e.program, e.key);
    case "Enqueued": return enqueued(scene, e);
    case "Delivered": return delivered(scene, e);
    case "Received":
      scene.flights.delete(e.cause);
      return progress(scene, e, "buffered");
    case "Started": {
      const held = scene.nodes.get(e.program).held.get(e.of[0]);
      if (held === undefined) return;
      held.state = "working";
      held.started = e.t;
      held.until = e.until;
      return;
    }
    case "Handled": return progress(scene, e, "done");
    case "Acked": return leave(scene, e, "ack", e.program, e.queue, keyOf(scene, e.of[0]));
    case "Rejected": return leave(scene, e, "nack", e.program, e.queue, keyOf(scene, e.of[0]));
    case "Settled":
      scene.flights.delete(e.cause);
      if (e.outcome === "acked" || e.outcome === "rejected") forgetAll(scene, e.of);
      return;
    case "Requeued": return requeued(scene, e);
    case "SetAside": return setAside(scene, e);
    case "VisibilityChanged":
      scene.flights.delete(e.cause);
      for (const copy of e.of) Object.assign(scene.copies.get(copy), { until: e.until, hidden: e.t });
      return;
    case "ConfirmReceived":
      if (scene.nodes.get(e.program).what === "producer") scene.nodes.get(e.program).unconfirmed--;
      return void scene.flights.delete(e.cause);
    case "Unroutable":
    case "Refused":
    case "Deduplicated":
    case "ReturnReceived":
      return void scene.flights.delete(e.cause);
    case "Confirmed": return leave(scene, e, e.ok === false ? "confirm_nack" : "confirm", e.exchange, e.program, e.key);
    case "Returned": return leave(scene, e, "return", e.exchange, e.program, e.key);
    case "Dropped":
    case "Expired":
    case "Purged":
      return forgetAll(scene, e.of);
    case "DeadLettered":
      forgetAll(scene, e.of);
      return leave(scene, e, "dead_letter", e.queue, e.exchange, e.key);
    case "Redriven":
      forgetAll(scene, e.of);
      return leave(scene, e, "dead_letter", e.queue, e.target, e.key);
    case "Lost": return lost(scene, e);
    case "Crashed":
    case "Stopped":
      scene.nodes.get(e.node).status = e.kind === "Crashed" ? "down" : "stopping";
      letGo(scene.nodes.get(e.node));
      scene.nodes.get(e.node).unconfirmed = 0;
      return close(scene, e, e.node, e.node);
    case "HungUp":
      if (e.what !== "consumer") letGo(scene.nodes.get(e.program), e.what === "channel" ? "on_way" : ""); // over a channel it comes, and then falls
      return close(scene, e, e.program, e.program);
    case "ActiveChanged": return void (scene.nodes.get(e.queue).settings.active_consumer = e.program);
    case "Restarted": return void (scene.nodes.get(e.node).status = "up");
    case "ChannelClosed":
    case "ConnectionClosed":
      scene.flights.delete(e.cause); // it may be the answer to a call
      return close(scene, e, e.program, "");
    case "ConsumerCancelled": return close(scene, e, e.program, "");
    case "Closed":
      scene.flights.delete(e.cause);
      if (e.at === e.program && e.what !== "consumer") {
        const node = scene.nodes.get(e.program);
        if (e.what === "channel") node.unconfirmed = 0; // what was under way is not tried again
        if (e.what === "connection" || node.what !== "client") letGo(node); // which says itself what it loses with one channel
      }
      return;
    case "Called": return void scene.flights.set(e.name, new Flight("request", e.program, e.at, e.t, e.arrives, [], "", false));
    case "Answered": return void scene.flights.delete(e.cause);
    default: return logs(scene, e) || rare(scene, e);
  }
}

function rare(scene, e) {
  switch (e.kind) {
    case "NodeAdded":
      scene.nodes.set(e.node, new Node(e.what, { ...e.settings }, e.what === "consumer" && e.settings.start_ms !== 0 ? "waits" : "up"));
      scene.shape++;
      return;
    case "NodeChanged":
      scene.shape++; // its limits may be written on it
      return change(scene.nodes.get(e.node).settings, e.settings);
    case "MemberChanged": return change(scene.nodes.get(e.broker).settings, { members: { ...scene.nodes.get(e.broker).settings.members, [e.member]: e.status } });
    case "LeaderChanged": return void (scene.nodes.get(e.queue).settings.leader = e.leader);
    case "PolicySet":
    case "PolicyCleared":
      return policy(scene.nodes.get(e.broker).settings, e);
    case "NodeRemoved":
      forgetAll(scene, e.of ?? []);
      scene.nodes.delete(e.node);
      scene.shape++;
      return;
    case "LinkAdded":
      scene.links.set(e.link, new Link(e.what, e.source, e.target, e.routing_key ?? "", e.arguments ?? null));
      scene.shape++;
      return;
    case "LinkRemoved":
      scene.links.delete(e.link);
      scene.shape++;
      return;
    case "Forgotten":
      for (const dedup of e.ids) scene.nodes.get(e.queue)?.memory.delete(dedup);
      return;
    case "GoalMet": return void (scene.goals[e.goal] = e.broken === true ? "broken" : "met");
    case "VerdictChanged": return void scene.verdicts.set(e.verdict, e.value);
    case "Storm": return void (scene.storm = e.why);
    case "ActOffered": return void (scene.offered = true);
    case "PredictionDue":
    case "PredictionSettled":
      scene.predictions[e.prediction] = e.kind === "PredictionDue" ? "due" : String(e.choice);
  }
}
