// A room full of browsers, without the pictures: one owner and many viewers, each with a socket of its own, that pull, beat
// and follow as the page does (static/js/beat.js). The load for bench/together.py: options as JSON on stdin, measured
// ms as JSON on stdout.

import { readFileSync } from "node:fs";
import { constants, inflateRawSync } from "node:zlib";

import { Beat } from "../static/js/beat.js";

const FRAME_MS = 16;
const AHEAD_US = 5_000_000;
const LOW_US = 2_500_000;
const EARLY = 0.6; // as room.js spreads what is asked for
const SPREAD_MS = 300;
const WAIT_MS_MAX = 10_000;
const HEAD_BYTES = 512; // enough of a frame to know what it is

const { url, origin, recording, cookies, acts, act_every_ms, warm_ms, watch_ms } = JSON.parse(readFileSync(0));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The beginning of a frame as text; a viewer of the bench needs no more. */
function head(data) {
  if (typeof data === "string") return data.slice(0, HEAD_BYTES);
  const bytes = Buffer.from(data).subarray(0, HEAD_BYTES);
  return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString("latin1").slice(0, HEAD_BYTES);
}

class Seat {
  constructor(cookie) {
    this.beat = new Beat();
    this.t = 0;
    this.future = "0";
    this.to = 0;
    this.asked = 0;
    this.early = 1 + EARLY * Math.random();
    this.wait = 0;
    this.cuts = new Map(); // when each act's cut came
    this.refused = [];
    this.socket = new WebSocket(url, { headers: { Cookie: `mqlab_session=${cookie}`, Origin: origin } });
    this.socket.binaryType = "arraybuffer";
    this.joined = new Promise((resolve, reject) => {
      this.socket.onopen = () => this.say({ op: "join", join: 0, recording });
      this.socket.onerror = () => reject(new Error("a socket did not open"));
      this.socket.onmessage = ({ data }) => this.hear(head(data), data, performance.now(), resolve);
    });
  }

  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  hear(text, data, now, joined) {
    const op = /"op":"(\w+)"/.exec(text)[1];
    if (op === "cut") {
      const [, id] = /"id":"(\w+)"/.exec(text);
      this.cuts.set(id, now);
      this.future = id;
      this.to = Number(/"to":\[(\d+)/.exec(text)[1]);
      this.asked = 0;
      this.wait = now + SPREAD_MS * Math.random();
    } else if (op === "stretch") this.to = Math.max(this.to, Number(/"to":\[(\d+)/.exec(text)[1]));
    else if (op === "scene") joined();
    else if (op === "beat") {
      this.turned = this.beat.heard(JSON.parse(data), now) || this.turned;
      this.future = this.beat.room.future;
    } else if (op === "no" || op === "bye") this.refused.push(text);
  }

  /** One screen frame. */
  step(now, passed) {
    if (!this.beat.room) return;
    const at = this.beat.lands(this.t, now, this.turned ?? false);
    this.turned = false;
    if (at !== null) this.t = at;
    else if (this.beat.room.playing) this.t = this.beat.pace(this.t, passed, now);
    if (now > this.wait && this.to - this.t < LOW_US * this.early && this.asked <= this.to) {
      this.asked = Math.floor(this.t + AHEAD_US);
      this.say({ op: "more", join: 0, future: this.future, after: [Math.floor(Math.max(this.to, this.t)), 0], until: this.asked });
    }
  }
}

function percentile(values, share) {
  const ordered = values.toSorted((a, b) => a - b);
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))];
}

const seats = [];
for (const cookie of cookies) {
  const seat = new Seat(cookie);
  await seat.joined;
  seats.push(seat);
}
const [owner] = seats;
owner.say({ op: "together", join: 0, on: true, playing: true });
for (const seat of seats) {
  const ping = () => seat.say({ op: "beat", join: 0, t0: performance.now() });
  for (let n = 0; n < 8; n++) setTimeout(ping, 50 * n + 50 * Math.random());
  setTimeout(() => setInterval(ping, 1_000), 1_000 * Math.random());
}
const apart = [];
let was = performance.now();
const measured = was + warm_ms;
setInterval(() => {
  const now = performance.now();
  for (const seat of seats) seat.step(now, now - was);
  was = now;
  if (now < measured) return;
  const heads = seats.map((seat) => seat.t);
  apart.push((Math.max(...heads) - Math.min(...heads)) / 1_000);
}, FRAME_MS);
await sleep(warm_ms + watch_ms);

const last = [];
for (let n = 0; n < acts; n++) {
  const id = `act${n}`;
  const sent = performance.now();
  owner.say({ op: "do", join: 0, id, future: "0", at: [0, 0], ahead: 500_000, command: { do: "publish", exchange: "orders", routing_key: "order.eu" } });
  let waited = 0;
  while (waited++ < WAIT_MS_MAX && !seats.every((seat) => seat.cuts.has(id))) await sleep(1);
  last.push(Math.max(...seats.map((seat) => seat.cuts.get(id) ?? sent + WAIT_MS_MAX)) - sent);
  await sleep(act_every_ms * (0.5 + Math.random()));
}
const refused = seats.flatMap((seat) => seat.refused);
process.stdout.write(JSON.stringify({
  refused: refused.length, why: refused[0] ?? "",
  apart: apart.length ? [0.5, 0.99].map((share) => percentile(apart, share)) : [],
  last: last.length ? [0.5, 0.99].map((share) => percentile(last, share)) : [],
}));
process.exit(0);
