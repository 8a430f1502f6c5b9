// What came before all that the page has loaded: asked for over a join of its own, so that neither the picture nor the
// playhead is disturbed. It ends where what is loaded begins.

import { Timeline } from "./timeline.js";
import { compare } from "./wire.js";

export const REACH_US = 60_000_000;
const MORE_US = 20_000_000;

export class Past {
  constructor() {
    this.link = null;
    this.watch = null;
    this.forget();
  }

  get loading() {
    return this.watch !== null;
  }

  forget() {
    this.leave();
    this.events = []; // whole actions from `from` up to `to`
    this.from = null;
    this.to = null;
    this.future = "";
    this.wrong = "";
  }

  leave() {
    if (this.watch) this.link.unwatch(this.watch);
    this.watch = null;
  }

  /** Load what lies up to `reach` µs before the beginning of this timeline, or before what was loaded here already. */
  load(link, recording, line, done, reach = REACH_US) {
    if (this.loading) return;
    const joined = this.joins(line);
    const end = joined ? this.from : line.from;
    if (!joined) this.forget();
    this.wrong = "";
    const at = [Math.max(0, end[0] - reach), 0];
    let before = null;
    let asked = 0; // up to where: it comes in pieces
    const stop = (wrong = "") => {
      this.leave();
      this.wrong = wrong;
      done();
    };
    const ask = () => {
      asked = Math.min(end[0] + 1, before.to[0] + MORE_US);
      this.watch.more(line.future, before.to, asked);
    };
    const take = (frame) => {
      before = Timeline.from(frame.future, frame.scene);
      if (compare(before.to, end) >= 0) stop();
      else ask();
    };
    this.link = link;
    this.watch = link.watch(recording, {
      scene: take,
      tree: () => stop("The connection was away."),
      stretch: (frame) => {
        if (!before || frame.future !== before.future || !before.append(frame.from, frame.to, frame.events)) return;
        if (compare(before.to, end) < 0) {
          if (before.to[0] >= asked) ask();
          return;
        }
        this.events = [...before.events.slice(0, before.before(end)), ...(joined ? this.events : [])];
        this.from = before.from;
        this.to = joined ? this.to : line.from;
        this.future = line.future;
        stop();
      },
      no: (frame) => stop(frame.why),
    }, () => ({ future: line.future, at }));
  }

  /** The timeline was cut where it stands and goes on in another future: what came before it is the same. */
  cut(line) {
    if (this.from !== null && compare(this.to, line.from) === 0) this.future = line.future;
  }

  /** The index of the first event at or after t. */
  first(t) {
    const found = this.events.findIndex((event) => event.t >= t);
    return found < 0 ? this.events.length : found;
  }

  /** Whether this is what comes right before the timeline. */
  joins(line) {
    return this.from !== null && this.future === line.future && compare(this.to, line.from) === 0;
  }
}
