// The socket: joins recordings, pulls, acts one at a time, comes back by itself and sends again what was not kept.
// It knows no DOM; clock, chance and socket can be passed in.

import { encode, mint } from "./wire.js";

const OPEN = 1; // WebSocket.OPEN
const BACKOFF_MS_MIN = 250;
const BACKOFF_MS_MAX = 8_000;
const JOIN_AGAIN_MS = 3_000;
const AWAY = new Set(["full", "unavailable", "internal", "too_fast"]);

/** How long to wait before the n-th attempt (from 0): doubled each time, with half of it left to chance. */
export function backoff(n, random = Math.random) {
  const most = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** n);
  return most / 2 + (most / 2) * random();
}

/** Not by way of a Blob: to make one, another process is asked first, and every frame would wait for it. */
async function inflate(data) {
  const stream = new Response(data).body.pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).text();
}

/** One socket, any number of watches. `onState(connected, why)` is told of every change. */
export class Link {
  constructor(url, { make = (to) => new WebSocket(to), later = (f, ms) => setTimeout(f, ms), random = Math.random } = {}) {
    this.url = url;
    this.make = make;
    this.later = later;
    this.random = random;
    this.watches = new Map();
    this.socket = null;
    this.open = false;
    this.tries = 0;
    this.ended = "";
    this.onState = () => {};
    this.order = Promise.resolve();
  }

  /** Watch a recording. `handlers`: scene, stretch, cut, kept, no, moved, resumed; other for any other frame. */
  watch(recording, handlers, look = () => ({})) {
    let number = 0;
    while (this.watches.has(number)) number++;
    const watch = new Watch(this, number, recording, handlers, look);
    this.watches.set(number, watch);
    if (this.open) watch.join();
    return watch;
  }

  /** Watch it no longer; its number is free again. */
  unwatch(watch) {
    this.watches.delete(watch.number);
    this.send("leave", { join: watch.number });
  }

  connect() {
    if (this.socket || this.ended) return;
    const socket = (this.socket = this.make(this.url));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.open = true;
      this.tries = 0;
      this.onState(true, "");
      for (const watch of this.watches.values()) watch.join();
    };
    socket.onmessage = (message) => this.take(socket, message.data);
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.open = false;
      for (const watch of this.watches.values()) watch.lost();
      this.onState(false, this.ended);
      if (!this.ended) this.later(() => this.connect(), backoff(this.tries++, this.random));
    };
  }

  /** False if nothing was sent: a socket may be closing for a while before `onclose` says so, and what it is given then is lost. */
  send(op, fields) {
    if (!this.open || this.socket.readyState !== OPEN) return false;
    this.socket.send(encode(op, fields));
    return true;
  }

  /** Inflating takes its own time; frames are handled in the order in which they came. */
  take(socket, data) {
    const came = performance.now(); // a beat's way is measured, and not how long it waited here
    const text = typeof data === "string" ? data : inflate(data);
    this.order = this.order
      .then(async () => {
        const frame = JSON.parse(await text);
        if (frame.op === "beat") frame.came = came;
        if (this.socket === socket) this.handle(frame);
      })
      .catch((error) => {
        console.error(error);
        if (this.socket === socket) socket.close(); // what was missed is asked for again
      });
  }

  handle(frame) {
    if (frame.op === "bye") {
      this.ended = frame.code === "sockets" || frame.code === "too_fast" ? frame.why : "";
      return;
    }
    if (frame.op === "scene" || frame.op === "moved" || frame.op === "no" || frame.op === "carried" || frame.op === "differences") {
      this.watches.get(frame.join ?? -1)?.handle(frame);
      return;
    }
    for (const watch of this.watches.values()) if (watch.recording === frame.recording) watch.handle(frame);
  }
}

/** One recording on the socket. Acts wait in `acts` until they are kept: {id, future, at, ahead, command, sent, cut}. */
export class Watch {
  constructor(link, number, recording, handlers, look) {
    this.link = link;
    this.number = number;
    this.recording = recording;
    this.handlers = handlers;
    this.look = look;
    this.joined = false;
    this.seen = false;
    this.acts = [];
    this.asked = new Map(); // by id, what is sent again after a reconnect until it is answered: carry, note
  }

  join() {
    const { future, at } = this.seen ? {} : this.look();
    this.link.send("join", { join: this.number, recording: this.recording, future, at });
  }

  lost() {
    this.joined = false;
    for (const act of this.acts) act.sent = false;
  }

  go(future, at) {
    return this.joined && this.link.send("go", { join: this.number, future, at });
  }

  more(future, after, until) {
    return this.joined && this.link.send("more", { join: this.number, future, after, until });
  }

  /** Enter an act. `where()` gives {future, at, ahead} when its turn has come; one `aside` is not made where one looks. Returns its id. */
  act(command, where, { aside = false } = {}) {
    const id = mint();
    this.acts.push({ id, command, where, aside, future: null, at: null, ahead: 0, sent: false, cut: false });
    this.pump();
    return id;
  }

  /** Ask for acts to be carried over, after a `command` of one's own if there is one. Returns the id of what is asked. */
  carry(future, acts, command) {
    return this.ask("carry", { id: mint(), future, acts, command });
  }

  /** Name a future; "" takes the name away. */
  label(future, text) {
    return this.joined && this.link.send("label", { join: this.number, future, text });
  }

  ask(op, fields) {
    this.asked.set(fields.id, { op, fields });
    if (this.joined) this.link.send(op, { join: this.number, ...fields });
    return fields.id;
  }

  askAgain() {
    for (const { op, fields } of this.asked.values()) this.link.send(op, { join: this.number, ...fields });
  }

  /** Ask what differs between two futures up to t. */
  differ(future, other, t) {
    return this.joined && this.link.send("differ", { join: this.number, future, other, t });
  }

  /** Acts that are not in the database yet. */
  get unkept() {
    return this.acts.length;
  }

  /** Send the first act that has no answer, if none is in flight. */
  pump() {
    if (!this.joined || this.acts.some((act) => act.sent && !act.answered)) return;
    const act = this.acts.find((one) => !one.sent);
    if (!act) {
      if (this.resuming) {
        this.resuming = false;
        this.handlers.resumed?.();
      }
      return;
    }
    if (act.future === null) Object.assign(act, act.where());
    act.sent = true;
    act.answered = false;
    const { id, future, at, ahead, command } = act;
    this.link.send("do", { join: this.number, id, future, at, ahead, command });
  }

  handle(frame) {
    switch (frame.op) {
      case "scene": return this.scene(frame);
      case "cut": return this.cut(frame);
      case "kept":
        this.acts = this.acts.filter((act) => act.id !== frame.id);
        break;
      case "carried":
        this.asked.delete(frame.id);
        break;
      case "note":
        this.asked.delete(frame.note.id);
        break;
      case "no": return this.no(frame);
      case "moved":
        this.recording = frame.recording;
        break;
    }
    (this.handlers[frame.op] ?? this.handlers.other)?.(frame);
  }

  scene(frame) {
    const first = !this.joined;
    this.joined = true;
    if (first && this.seen) {
      const there = new Map(frame.tree.map((one) => [one.id, one]));
      const kept = this.acts.filter((act) => act.cut && there.get(act.id)?.kept);
      this.acts = this.acts.filter((act) => !kept.includes(act));
      for (const act of this.acts) { // done, but never heard of: sent again as it was done, it is answered with its own cut
        const done = there.get(act.id);
        if (done) Object.assign(act, { future: done.parent, at: [done.t, done.i] });
      }
      this.resuming = true;
      this.askAgain();
      this.handlers.tree?.(frame);
      for (const { id } of kept) this.handlers.kept?.({ id });
      this.pump();
      return;
    }
    this.seen = true;
    this.handlers.scene?.(frame);
    this.pump();
  }

  cut(frame) {
    if (frame.code) {
      const gone = this.acts.filter((act) => act.id === frame.id);
      this.acts = this.acts.filter((act) => act.id !== frame.id);
      this.handlers.unstored?.(frame, gone);
      this.pump();
      return;
    }
    const act = this.acts.find((one) => one.id === frame.id);
    const mine = act !== undefined;
    const again = mine && act.cut;
    if (mine) Object.assign(act, { answered: true, cut: true, future: frame.parent, at: frame.at }); // a room says where
    if (!again) this.handlers.cut?.(frame, mine && !act.aside);
    this.pump();
  }

  no(frame) {
    if (this.asked.has(frame.id)) {
      const { op, fields } = this.asked.get(frame.id);
      if (frame.code === "too_fast") this.link.later(() => this.joined && this.link.send(op, { join: this.number, ...fields }), frame.retry_ms || 200);
      else {
        this.asked.delete(frame.id);
        this.handlers.other?.(frame);
      }
      return;
    }
    const act = frame.id ? this.acts.find((one) => one.id === frame.id) : undefined;
    if (act && frame.code === "too_fast") {
      this.link.later(() => {
        act.sent = false;
        this.pump();
      }, frame.retry_ms || 200);
      return;
    }
    if (!this.joined && AWAY.has(frame.code)) {
      this.link.later(() => this.link.open && !this.joined && this.join(), frame.retry_ms || JOIN_AGAIN_MS);
    }
    if (!this.joined && (frame.code === "stale" || frame.code === "outside")) {
      this.link.send("go", { join: this.number, future: "0", at: [0, 0] }); // the address names what is not there
      return;
    }
    if (act) this.acts = this.acts.filter((one) => one !== act);
    this.handlers.no?.(frame, act);
    this.pump();
  }
}
