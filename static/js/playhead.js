// Where one looks, and how it moves: play, pause, speed, step, step back, scrub. Pure logic; time comes as an
// argument (ms of any steady clock), what is missing is asked for through `wants`.

import { compare } from "./wire.js";

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const AHEAD_US = 5_000_000;
const LOW_US = 2_500_000;
export const ASK_AGAIN_MS = 4_000;

export class Playhead {
  /** `timeline` may be null until the first scene comes; `end` is the recording's last µs. */
  constructor(end = 600_000_000) {
    this.timeline = null;
    this.end = end;
    this.t = 0;
    this.playing = false;
    this.speed = 1;
    this.ending = false; // it plays on only to the place where it is to stand
    this.held = false; // an act is on its way: time stands
    this.wall = Infinity; // the last µs that time may reach for now; one may look beyond it by hand
    this.early = 1; // pages that keep the same time ask at moments of their own
    this.pace = null; // (t, ms passed, now) -> t: somebody else's time, which this one follows
    this.asked = null; // {until, when} of the pull in flight
    this.clock = null;
  }

  show(timeline, t = timeline.scene.t) {
    this.timeline = timeline;
    this.t = t;
    this.asked = null;
  }

  get at() {
    return this.timeline.position(Math.floor(this.t));
  }

  /** Whether it plays, as one sees it: a pause that only waits for acts on their way is a pause. */
  get plays() {
    return this.playing && !this.ending;
  }

  get waiting() {
    return this.playing && !this.held && this.timeline !== null && this.t >= this.timeline.to[0] && this.t < Math.min(this.end, this.wall);
  }

  /** Let the clock go on to `now`. Returns whether anything may look different. */
  tick(now) {
    const passed = this.clock === null ? 0 : Math.min(250, now - this.clock);
    this.clock = now;
    if (!this.playing || this.held || !this.timeline) return false;
    const limit = Math.min(this.timeline.to[0], this.end, this.wall);
    if (this.t >= limit) {
      if (this.t >= this.end) this.playing = false;
      return false;
    }
    const next = this.pace ? this.pace(this.t, passed, now) : this.t + passed * 1000 * this.speed;
    this.t = Math.min(limit, Math.max(this.t, next));
    this.settle();
    return true;
  }

  /** Play everything up to t; at the very end of what is loaded, only what is loaded of that instant. */
  settle() {
    const line = this.timeline;
    const whole = Math.floor(this.t);
    line.turn(line.first(whole + 1));
    line.trim(this.t);
  }

  /** Go to a time. Returns whether it is loaded; otherwise the caller asks for it. */
  seek(t) {
    t = Math.max(0, Math.min(this.end, t));
    const whole = Math.floor(t);
    const line = this.timeline;
    if (whole < line.from[0] || whole > line.to[0]) return false;
    if (whole === line.from[0] && line.from[1] > 0) {
      this.t = t;
      line.turn(Math.max(line.first(whole + 1), 0));
      return true;
    }
    this.t = t;
    line.turn(line.first(whole + 1));
    return true;
  }

  /** The next whole picture. Returns whether there was one. */
  step() {
    const line = this.timeline;
    let n = line.index;
    if (n >= line.events.length) return false;
    while (n < line.events.length && !line.events[n].last) n++;
    line.turn(Math.min(n + 1, line.events.length));
    this.t = line.scene.t;
    this.playing = false;
    return true;
  }

  /** The picture before. Returns whether it is loaded. */
  back() {
    const line = this.timeline;
    const moved = this.t > line.scene.t; // between two events: first back to the last one
    let n = line.index;
    if (n === 0) return false;
    if (!moved) {
      n--;
      while (n > 0 && !line.events[n - 1].last) n--;
    }
    line.turn(n);
    this.t = n === 0 ? line.from[0] : line.scene.t;
    this.playing = false;
    return true;
  }

  /** The pull that is due now, {after, until}, or null. */
  wants(now) {
    const line = this.timeline;
    if (!line || this.held) return null;
    if (this.asked && (line.to[0] < this.asked.until && now - this.asked.when < ASK_AGAIN_MS)) return null;
    this.asked = null;
    const speed = Math.max(1, this.speed);
    if (line.to[0] >= this.end || line.to[0] - this.t >= LOW_US * speed * this.early) return null;
    const until = Math.min(this.end, Math.floor(this.t + AHEAD_US * speed));
    if (until <= line.to[0]) return null;
    this.asked = { until, when: now };
    return { after: line.to, until };
  }

  /** The path goes on in another future from `at`; the playhead stands just after the act. */
  cut(frame) {
    const line = this.timeline;
    line.cut(frame.at, frame.future);
    line.append(frame.at, frame.to, frame.events);
    let n = line.before(frame.at);
    while (n < line.events.length && !line.events[n].last) n++;
    line.turn(Math.min(n + 1, line.events.length));
    this.t = Math.max(frame.at[0], 0);
    this.asked = null;
    this.held = false;
  }

  /** Whether the playhead stands after a position. */
  beyond(at) {
    return compare(this.at, at) > 0;
  }
}
