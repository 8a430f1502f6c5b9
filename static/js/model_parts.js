// What a scene is made of: copies in queues, what travels, what programs hold, nodes and lines; and what is counted of them.
// The counts are those of mqlab/engine/tally.py.

export class Copy {
  constructor(queue, key, state, origin) {
    this.queue = queue;
    this.key = key;
    this.state = state; // arriving | ready | unacked
    this.redelivered = false;
    this.returns = 0;
    this.expires = 0;
    this.priority = 0;
    this.origin = origin;
    this.group = ""; // its message group
    this.until = 0; // when it is ready again, if nothing happens
  }
}

export class Flight {
  constructor(what, source, target, sent, arrives, of, key, redelivered) {
    this.what = what;
    this.source = source;
    this.target = target;
    this.sent = sent;
    this.arrives = arrives;
    this.of = of;
    this.key = key;
    this.redelivered = redelivered;
  }
}

export class Held {
  constructor(key, state, slot, redelivered) {
    this.key = key;
    this.state = state; // on_way | buffered | working | done | dead
    this.slot = slot;
    this.redelivered = redelivered;
    this.started = 0;
    this.until = 0;
  }
}

export class Node {
  constructor(what, settings, status = "up") {
    this.what = what;
    this.settings = settings;
    this.status = status;
    this.ready = new Ready();
    this.unacked = new Map();
    this.held = new Map();
    this.unconfirmed = 0; // a producer's publishes that have no answer yet
    this.memory = new Map(); // deduplication id -> until when it is known
    this.entries = []; // of a stream: the end of its log, [message, key], oldest first
  }
}

export class Link {
  constructor(what, source, target, routing_key, args) {
    this.what = what;
    this.source = source;
    this.target = target;
    this.routing_key = routing_key;
    this.arguments = args;
  }
}

const PILE_KEYS_MAX = 24;

/** Add one event to the scene's counts and piles. */
export function tally(scene, e) {
  switch (e.kind) {
    case "Published": return count(scene, e.program, "published", e);
    case "Unroutable":
      count(scene, e.exchange, e.reason, e);
      return fall(scene, e.exchange, e.key);
    case "Refused": return count(scene, e.exchange, "refused", e);
    case "Enqueued": return count(scene, e.queue, "enqueued", e);
    case "Dropped":
      count(scene, e.queue, e.reason, e);
      return fall(scene, e.queue, e.key);
    case "Expired":
      count(scene, e.queue, "expired", e);
      return fall(scene, e.queue, e.key);
    case "Purged": return count(scene, e.queue, "purged", e);
    case "DeadLettered": return count(scene, e.queue, e.reason, e);
    case "Requeued": return e.first === true ? undefined : count(scene, e.queue, "requeued", e);
    case "Deduplicated": return count(scene, e.queue, "deduplicated", e);
    case "Redriven": return count(scene, e.queue, "redriven", e);
    case "Delivered": return count(scene, e.queue, "delivered", e);
    case "Handled": return count(scene, e.program, e.outcome, e);
    case "Settled": return count(scene, e.program, e.outcome, e);
    case "ConfirmReceived": return count(scene, e.program, e.ok === false ? "nacked" : "confirmed", e);
    case "ReturnReceived": return count(scene, e.program, "returned", e);
    case "Broadcast": return count(scene, e.channel, "broadcast", e);
    case "Missed":
      count(scene, e.channel, "missed", e);
      return fall(scene, e.channel, e.key);
    case "Appended":
      add(scene, e.stream, "appended", 1);
      for (const group of e.to ?? []) add(scene, group, "enqueued", 1);
      return;
    case "CursorSet": return e.of.length ? add(scene, e.queue, "enqueued", e.of.length) : undefined;
    case "Fetched": return count(scene, e.stream, "fetched", e);
    case "Trimmed": return count(scene, e.stream, e.why === "deleted" ? "deleted" : "trimmed", e);
    case "Claimed": return count(scene, e.queue, "claimed", e);
    case "Lost":
      count(scene, e.node, `lost_${e.what}`, e);
      if (e.what === "message") fall(scene, e.node, e.key ?? "");
  }
}

function count(scene, node, what, e) {
  add(scene, node, what, e.of.length || 1);
}

function add(scene, node, what, number) {
  let counts = scene.counts.get(node);
  if (counts === undefined) scene.counts.set(node, (counts = new Map()));
  counts.set(what, (counts.get(what) ?? 0) + number);
}

function fall(scene, node, key) {
  let pile = scene.piles.get(node);
  if (pile === undefined) scene.piles.set(node, (pile = []));
  pile.push(key);
  if (pile.length > PILE_KEYS_MAX) pile.splice(0, pile.length - PILE_KEYS_MAX);
}

// What the eye is shown beyond the picture itself: what fell just now, since when a program is down or away. It comes
// from the events alone, like all the rest, but the server does not send it: a scene that has just come has none.

const FALLS_MAX = 64;
const ROW_MAX = 16; // of a queue's cells, as many as are looked through

export class Traces {
  constructor() {
    this.falls = []; // {node, key, t, piled, flight}: the newest last; flight is what ended, or null
    this.down = new Map(); // node -> t of its crash
    this.away = new Map(); // program -> since when it waits to connect again
    this.gaps = new Map(); // queue -> where a copy left its row last: {t, ready, n: among those, lent: unacked before, lends: one more now}
  }

  copy() {
    const made = new Traces();
    made.falls = [...this.falls];
    made.down = new Map(this.down);
    made.away = new Map(this.away);
    made.gaps = new Map(this.gaps);
    return made;
  }

  /** This copy leaves its queue's row of cells, or, where it is lent out, its place in it. */
  gap(scene, copy, t, lends = false) {
    const state = scene.copies.get(copy);
    const queue = scene.nodes.get(state?.queue);
    if (!queue || state.state === "arriving") return;
    const ready = state.state === "ready";
    let n = 0;
    if (ready) while (n < ROW_MAX && n < queue.ready.size && queue.ready.at(n) !== copy) n++;
    else for (const one of queue.unacked.keys()) if (one === copy || n++ === ROW_MAX) break;
    this.gaps.set(state.queue, { t, lent: queue.unacked.size, ready, n, lends });
  }

  fall(node, e, piled, flight = null) {
    this.falls.push({ node, key: flight?.key ?? e.key ?? "", t: e.t, piled, flight });
    if (this.falls.length > FALLS_MAX) this.falls.splice(0, this.falls.length - FALLS_MAX);
  }
}

/** Call it before the event changes the scene. */
export function trace(scene, e) {
  const { traces } = scene;
  switch (e.kind) {
    case "Enqueued":
      if (e.born !== true) scene.copies.get(e.of[0]).entered = e.t;
      return;
    case "Unroutable": return traces.fall(e.exchange, e, true);
    case "Missed": return traces.fall(e.channel, e, true);
    case "Broadcast":
      for (const program of e.missed ?? []) traces.fall(program, e, false);
      return;
    case "Refused": return traces.fall(e.exchange, e, false, scene.flights.get(e.cause));
    case "Delivered": return traces.gap(scene, e.of[0], e.t, e.auto_ack !== true);
    case "Settled":
      if (e.outcome === "acked" || e.outcome === "rejected") for (const copy of e.of) traces.gap(scene, copy, e.t);
      return;
    case "DeadLettered": return traces.gap(scene, e.of[0], e.t);
    case "Deduplicated": return traces.fall(e.queue, e, false, scene.flights.get(e.cause));
    case "Dropped":
    case "Expired":
      traces.gap(scene, e.of[0], e.t);
      return traces.fall(e.queue, e, true, scene.flights.get(e.of[0]));
    case "Lost": {
      const flights = (e.flights ?? []).map((name) => scene.flights.get(name)).filter(Boolean);
      flights.forEach((flight, n) => traces.fall(e.node, e, e.what === "message" && n === flights.length - 1, flight));
      if (!flights.length && e.what === "message") traces.fall(e.node, e, true);
      return;
    }
    case "Crashed":
      traces.down.set(e.node, e.t);
      traces.away.delete(e.node);
      return;
    case "Restarted":
      traces.down.delete(e.node);
      if (scene.nodes.get(scene.nodes.get(e.node)?.settings.broker)?.status === "down") traces.away.set(e.node, e.t);
      return;
    case "Closed":
      if (e.at === e.program && e.what === "connection") traces.away.set(e.program, e.t);
      return;
    case "HungUp":
      if (e.what === "connection") traces.away.set(e.program, e.t);
      return;
    case "Connected":
      traces.away.delete(e.program);
  }
}

// A queue's ready copies in service order: cheap at both ends, also with 10,000 of them.

const COMPACT_OVER = 1024;

export class Ready {
  constructor(items = []) {
    this.items = items;
    this.head = 0;
  }

  get size() {
    return this.items.length - this.head;
  }

  at(index) {
    return this.items[this.head + index];
  }

  insert(index, copy) {
    if (index < 0 || index >= this.size) this.items.push(copy);
    else if (index > 0) this.items.splice(this.head + index, 0, copy);
    else if (this.head > 0) this.items[--this.head] = copy;
    else this.items.unshift(copy);
  }

  remove(copy) {
    const items = this.items;
    if (items[this.head] === copy) {
      items[this.head++] = "";
      if (this.head > COMPACT_OVER && this.head * 2 > items.length) {
        this.items = items.slice(this.head);
        this.head = 0;
      }
    } else if (items[items.length - 1] === copy) {
      items.pop();
    } else {
      const found = items.indexOf(copy, this.head);
      if (found >= 0) items.splice(found, 1);
    }
  }

  list() {
    return this.items.slice(this.head);
  }

  copy() {
    return new Ready(this.list());
  }
}

// --- steps that many events share

/** A departure: its flight, unless nothing travels. */
export function leave(scene, e, what, source, target, key, redelivered = false) {
  if (e.arrives >= 0) {
    scene.flights.set(e.name, new Flight(what, source, target, e.t, e.arrives, e.of ?? [], key, redelivered));
  }
}

/** A live copy's key. */
export function keyOf(scene, copy) {
  const state = scene.copies.get(copy);
  return state === undefined ? "" : state.key;
}

/** The copy's end: it leaves its queue, its way and the list of the living. */
export function forget(scene, copy) {
  const state = scene.copies.get(copy);
  if (state === undefined) return;
  scene.copies.delete(copy);
  if (state.state === "arriving") {
    scene.flights.delete(copy);
    return;
  }
  const queue = scene.nodes.get(state.queue);
  if (queue === undefined) return;
  if (state.state === "ready") queue.ready.remove(copy);
  else unlend(scene, queue, copy);
}

/** The copy is no longer unacked; its prefetch slot is free. */
export function unlend(scene, queue, copy) {
  const program = queue.unacked.get(copy);
  queue.unacked.delete(copy);
  const node = scene.nodes.get(program);
  const held = node?.held.get(copy);
  if (held === undefined) return;
  held.slot = false;
  if (held.state === "done" || held.state === "dead") node.held.delete(copy);
}

export function forgetAll(scene, of) {
  for (let n = 0; n < of.length; n++) forget(scene, of[n]);
}
