// The recording's acts, as commits are: a future is named by its last act; "0" is the bare scenario.

import { compare } from "./wire.js";

export class Tree {
  constructor(branches = []) {
    this.acts = new Map(branches.map((one) => [one.id, one]));
  }

  add(act) {
    if (!this.acts.has(act.id)) this.acts.set(act.id, act);
  }

  keep(id) {
    const act = this.acts.get(id);
    if (act) act.kept = true;
  }

  /** An act is gone, and all that grew from it. */
  drop(id) {
    const gone = new Set([id]);
    for (const act of this.acts.values()) if (gone.has(act.parent)) gone.add(act.id);
    for (const name of gone) this.acts.delete(name);
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

  /** Futures that nothing grew from, other than this path's own. */
  others(future) {
    const parents = new Set(Array.from(this.acts.values(), (act) => act.parent));
    const mine = new Set(this.path(future).map((act) => act.id));
    return Array.from(this.acts.values()).filter((act) => !parents.has(act.id) && !mine.has(act.id));
  }
}
