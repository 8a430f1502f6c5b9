// What was loaded of one future: events in order, a keyframe each 1,000, and a scene that stands anywhere in it.

import { clone, fold, open } from "./model.js";
import { compare } from "./wire.js";

export const KEYFRAME_EVENTS = 1_000;
export const EVENTS_MAX = 60_000;
export const KEEP_US = 60_000_000;

export class Timeline {
  constructor(future, scene) {
    this.future = future;
    this.events = [];
    this.from = [scene.t, scene.i];
    this.to = [scene.t, scene.i];
    this.keyframes = [{ index: 0, scene: clone(scene) }];
    this.scene = scene;
    this.index = 0; // how many of the events the scene has seen
  }

  static from(future, json) {
    return new Timeline(future, open(json));
  }

  /** Add a stretch. Returns whether it fits on; one that was there already is left. */
  append(from, to, events) {
    if (compare(from, this.to) > 0 || compare(to, this.to) <= 0) return false;
    if (compare(from, this.to) < 0) events = after(events, from, this.to);
    for (const event of events) this.events.push(event);
    this.to = to;
    this.frame();
    return true;
  }

  /** Forget what comes at or after a position, and go on in another future. The scene must not stand beyond it. */
  cut(at, future) {
    this.future = future;
    if (compare(at, this.to) >= 0) return;
    this.stand(at);
    this.events.length = this.index;
    this.keyframes = this.keyframes.filter((frame) => frame.index <= this.index);
    this.to = at;
  }

  /** Keyframes up to the end of what is loaded. */
  frame() {
    let last = this.keyframes[this.keyframes.length - 1];
    while (this.events.length - last.index >= KEYFRAME_EVENTS) {
      let end = last.index + KEYFRAME_EVENTS;
      while (end < this.events.length && !this.events[end - 1].last) end++;
      const scene = fold(clone(last.scene), this.events, last.index, end);
      last = { index: end, scene };
      this.keyframes.push(last);
    }
  }

  /** The scene with the first n events, wherever it stands now. */
  turn(n) {
    if (n < this.index) {
      let frame = this.keyframes[0];
      for (const one of this.keyframes) if (one.index <= n) frame = one;
      this.scene = clone(frame.scene);
      this.index = frame.index;
    } else if (n - this.index > KEYFRAME_EVENTS) {
      for (const one of this.keyframes) {
        if (one.index <= n && one.index > this.index) {
          this.scene = clone(one.scene);
          this.index = one.index;
        }
      }
    }
    fold(this.scene, this.events, this.index, n);
    this.index = n;
    return this.scene;
  }

  /** How many events lie before a position. */
  before([t, i]) {
    let low = this.first(t);
    for (let n = t === this.from[0] ? this.from[1] : 0; n < i && low < this.events.length && this.events[low].t === t; low++) {
      if (this.events[low].last) n++;
    }
    return low;
  }

  /** Index of the first event at or after t. */
  first(t) {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle].t < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  stand(at) {
    return this.turn(this.before(at));
  }

  /** The position of the scene at whole µs t: after all that has been played of that instant. */
  position(t) {
    return this.scene.t === t ? [t, this.scene.i] : [t, 0];
  }

  covers(at) {
    return compare(at, this.from) >= 0 && compare(at, this.to) <= 0;
  }

  /** Drop what lies more than a minute, or too many events, behind t. */
  trim(t) {
    let keep = 0;
    this.keyframes.forEach((frame, n) => {
      const old = frame.scene.t < t - KEEP_US || this.events.length - frame.index > EVENTS_MAX;
      if (old && frame.index <= this.index) keep = n;
    });
    if (keep === 0) return;
    const dropped = this.keyframes[keep].index;
    this.events.splice(0, dropped);
    this.keyframes = this.keyframes.slice(keep).map((frame) => ({ index: frame.index - dropped, scene: frame.scene }));
    this.index -= dropped;
    this.from = [this.keyframes[0].scene.t, this.keyframes[0].scene.i];
  }
}

/** The events of a stretch that begins at `from` which lie at or after `to`. */
function after(events, from, to) {
  let [t, i] = from;
  return events.filter((event) => {
    if (event.t !== t) [t, i] = [event.t, 0];
    const mine = t > to[0] || (t === to[0] && i >= to[1]);
    if (event.last) i++;
    return mine;
  });
}

// The recording's acts, as commits are: a future is named by its last act; "0" is the bare scenario.

let versions = 0;

export class Tree {
  constructor(branches = []) {
    this.acts = new Map(branches.map((one) => [one.id, one]));
    this.version = ++versions; // moves with every change, so that whoever draws it need not compare
  }

  add(act) {
    if (this.acts.has(act.id)) return;
    this.acts.set(act.id, act);
    this.version = ++versions;
  }

  keep(id) {
    const act = this.acts.get(id);
    if (act) act.kept = true;
    this.version = ++versions;
  }

  /** Give a future a name of one's own; "" takes it away. */
  label(id, words) {
    const act = this.acts.get(id);
    if (act) act.label = words;
    this.version = ++versions;
  }

  /** An act is gone, and all that grew from it. */
  drop(id) {
    const gone = new Set([id]);
    for (const act of this.acts.values()) if (gone.has(act.parent)) gone.add(act.id);
    for (const name of gone) this.acts.delete(name);
    this.version = ++versions;
    return gone;
  }

  /** The acts of a future, oldest first. */
  path(future) {
    const found = [];
    for (let act = this.acts.get(future); act; act = this.acts.get(act.parent)) found.push(act);
    return found.reverse();
  }

  /** The future in force at a position of this path: an act extends that one. */
  owner(future, at) {
    const past = this.path(future).filter((act) => compare([act.t, act.i + 1], at) <= 0);
    return past.length ? past[past.length - 1].id : "0";
  }

  /** The last act that two futures have in common, as a future; and the µs up to which they are one. */
  common(one, other) {
    const [a, b] = [this.path(one), this.path(other)];
    let n = 0;
    while (n < a.length && n < b.length && a[n].id === b[n].id) n++;
    return { future: n ? a[n - 1].id : "0", t: Math.min(a[n]?.t ?? Infinity, b[n]?.t ?? Infinity) };
  }

  /** Futures that nothing grew from, other than this path's own. */
  others(future) {
    const parents = new Set(Array.from(this.acts.values(), (act) => act.parent));
    const mine = new Set(this.path(future).map((act) => act.id));
    return Array.from(this.acts.values()).filter((act) => !parents.has(act.id) && !mine.has(act.id));
  }
}
