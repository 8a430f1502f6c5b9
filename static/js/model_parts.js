// What a scene is made of: copies in queues, what travels, what programs hold, nodes and lines.

import { Ready } from "./tally.js";

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
