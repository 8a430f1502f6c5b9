// The life of one message as far as it is loaded: gathered once, and taken further as time goes on. Pure: no DOM.

import { Gathered } from "./story.js";
import { compare } from "./wire.js";

export class Life {
  constructor(message) {
    this.message = message;
    this.gathered = new Gathered(message);
    this.future = null;
    this.last = null; // the last event that was taken
    this.since = [0, 0]; // nothing from here on is missing
  }

  /** Take what lies before the playhead. `past`: what was loaded of the time before the timeline's. */
  follow(line, past) {
    const joined = past.joins(line);
    const begin = joined ? past.from : line.from;
    const known = this.future === line.future && this.last !== null && line.index > 0;
    let at = known ? line.events.lastIndexOf(this.last, line.index - 1) : -1;
    if (at < 0 || compare(begin, this.since) < 0) {
      this.gathered = new Gathered(this.message);
      if (joined) this.gathered.take(past.events);
      this.since = begin;
      at = -1;
    }
    this.gathered.take(line.events, at + 1, line.index);
    this.future = line.future;
    this.last = line.index > 0 ? line.events[line.index - 1] : null;
    return this.gathered;
  }

  /** Whether its publish is among what was gathered, or nothing can be missing. */
  get whole() {
    const first = this.gathered.actions[0]?.[0];
    return (this.since[0] === 0 && this.since[1] === 0) || (first?.kind === "Published" && first.again !== true);
  }
}
