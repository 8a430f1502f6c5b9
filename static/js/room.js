// Together: one playhead for all who watch this recording. The owner drives, the others follow or look elsewhere. The
// server says where the room is, beat.js what time that is here; this file puts the stage there.

import { Beat } from "./beat.js";
import { RoomBar } from "./room-bar.js";
import { ASK_AGAIN_MS } from "./playhead.js";
import { compare } from "./wire.js";

const TICK_MS = 200;
const EVERY_MS = 1_000;
const FIRST_PINGS = 8; // in quick succession, so that the clock is known soon
const FIRST_PINGS_MS = 50;
const DRIVE_EVERY_MS = 150; // while one scrubs
const GO_MS = 3_000;
const EARLY = 0.6; // at most so much earlier than alone does a page ask for more
const SPREAD_MS = 300; // after a cut, all would ask at once
const GONE_MS = 10_000; // a server that came back without the room gets it again from its owner, or never

/** A feature of the stage. */
export class Room {
  constructor(stage) {
    this.stage = stage;
    this.beat = new Beat();
    this.on = false;
    this.following = true;
    this.debt = null; // what the owner has done that is not known to have arrived: until then beats are old news
    this.mark = 0; // of the last of it
    this.knocks = null; // whether the room shall be open, until the server says that it is
    this.going = null; // when a scene was asked for
    this.asked = 0;
    this.pings = 0;
    this.owner = stage.dataset.role === "owner";
    this.early = 1 + EARLY * Math.random();
    this.pace = (t, passed, now) => this.beat.pace(t, passed, now);
    this.bar = new RoomBar(stage, {
      open: () => this.open(!this.on),
      lock: () => this.send("together", { on: true, locked: !this.beat.room.locked }),
      back: () => this.back(),
    });
    this.bar.doors(this.owner);
    setInterval(() => this.tick(performance.now()), TICK_MS);
  }

  send(op, fields) {
    const { watch } = this.stage;
    return watch.joined && this.stage.link.send(op, { join: watch.number, ...fields });
  }

  /** The place of this page, as the wire has it. */
  get here() {
    const { playhead } = this.stage;
    const playing = playhead.playing && !this.pausing;
    return { future: playhead.timeline.future, at: playhead.at, speed: playhead.speed, playing };
  }

  /** Whether a pause only waits for acts on their way. */
  get pausing() {
    const { room } = this.beat;
    return this.on && this.debt?.playing !== true && room.playing && !room.away && room.stop[0] < this.stage.playhead.end;
  }

  // --- what the owner does

  open(on) {
    if (!this.stage.playhead.timeline) return;
    this.knocks = on;
    this.knock();
  }

  /** Ask for what the door was pressed for; again after what kept the server from hearing it. */
  knock() {
    if (this.knocks === null) return;
    if (this.knocks) this.send("together", { on: true, ...this.here });
    else this.send("together", { on: false });
  }

  /** The stage was moved by hand, not by the room. */
  meant(what) {
    if (!this.on) return;
    if (!this.owner) {
      this.following = false;
      this.stage.playhead.pace = null;
      this.bar.draw(this);
    } else if (what === "play") this.drive({ playing: this.stage.playhead.playing });
    else if (what === "speed") this.drive({ speed: this.stage.playhead.speed });
    else this.driveThere();
  }

  drive(fields) {
    this.debt = { ...this.debt, ...fields };
    this.mark += 1;
    this.send("drive", { ...fields, mark: this.mark });
  }

  /** Tell where the owner went, not more often than it can be followed. */
  driveThere() {
    if (this.later) return;
    const wait = Math.max(0, (this.drove ?? 0) + DRIVE_EVERY_MS - performance.now());
    this.later = setTimeout(() => {
      this.later = null;
      this.drove = performance.now();
      if (!this.on || !this.stage.playhead.timeline) return;
      const { future, at, playing } = this.here;
      this.drive({ future, at, playing });
    }, wait);
  }

  // --- what comes from the server

  /** The tree is new: at the first scene, after a reconnect, and after each act. */
  tree() {
    const { stage } = this;
    this.owner = stage.dataset.role === "owner";
    if (stage.link.socket === this.socket) return;
    this.socket = stage.link.socket;
    this.beat.fresh = true;
    this.going = null;
    this.pings = FIRST_PINGS;
    // The room lives in the server's memory: one that was restarted gets it back from here.
    if (this.on && this.owner) this.send("together", { on: true, locked: this.beat.room.locked, ...this.here });
    if (this.on && this.owner && this.debt) this.drive(this.debt);
    this.knock();
    this.ping(performance.now());
  }

  scene(frame) {
    const wanted = this.going !== null;
    this.going = null;
    if (!this.on) return;
    if (!wanted && this.owner) this.drive({ future: frame.future, at: frame.at });
    else if (!wanted && frame.future !== this.beat.room.future) this.meant("look");
    this.follow(true);
  }

  other(frame) {
    const now = performance.now();
    if (frame.op === "apart") return this.apart(frame, now);
    if (frame.op !== "beat") return;
    const turned = this.beat.heard(frame, frame.came ?? now) || this.debt !== null;
    if (frame.mark === this.mark) this.debt = null;
    this.missing = null;
    if (this.knocks) this.knocks = null;
    if (!this.on) {
      this.on = true;
      this.following = true;
      this.pings = FIRST_PINGS;
    }
    this.follow(turned);
    this.bar.draw(this);
  }

  apart(frame, now) {
    this.pings = 0;
    if (!this.on) return;
    // An answer, not news: the server has forgotten the room, and its owner may bring it back.
    if (frame.join !== undefined && now - (this.missing ??= now) < GONE_MS) return;
    this.on = false;
    this.knocks = null;
    this.stage.playhead.pace = null;
    this.bar.draw(this);
  }

  /** The server says no: what was expected will not come. */
  no(frame) {
    if (frame.id) return; // that was an act
    if (frame.code === "too_fast") return this.rest(frame.retry_ms || TICK_MS);
    this.debt = null;
    this.knocks = null;
    this.going = null;
  }

  /** Too much was asked: nothing is asked again before the server will hear it. */
  rest(ms) {
    this.going = performance.now();
    setTimeout(() => {
      this.going = null;
      if (this.on && this.debt) this.drive(this.debt);
      this.knock();
    }, ms);
  }

  /** A cut in the room. Returns whether it was put in place here: later than the eye, nothing may be seen to jump. */
  takes(frame, mine) {
    const { playhead } = this.stage;
    const line = playhead.timeline;
    if (!this.on || !line || !frame.together || (!this.following && !mine)) return false;
    const { room } = this.beat;
    const known = line.future === room.future;
    this.following = true;
    const after = [frame.at[0], frame.at[1] + 1];
    Object.assign(room, { future: frame.future, at: !room.playing && compare(room.at, after) < 0 ? after : room.at });
    const before = playhead.at;
    if (!known || compare(frame.at, line.from) < 0) this.go(performance.now());
    else if (compare(frame.at, line.to) > 0) line.future = frame.future; // up to there both are one
    else if (compare(before, frame.at) <= 0) this.splice(frame, room.playing ? before : after);
    else this.splice(frame, [Math.floor(Math.min(playhead.t, frame.to[0])), 0]);
    playhead.asked = mine ? null : { until: Infinity, when: performance.now() - ASK_AGAIN_MS + SPREAD_MS * Math.random() };
    this.follow(false);
    return true;
  }

  /** The line goes on in another future; the eye stays at a place. */
  splice(frame, at) {
    const { playhead } = this.stage;
    const line = playhead.timeline;
    const { t } = playhead;
    line.cut(frame.at, frame.future);
    line.append(frame.at, frame.to, frame.events);
    line.stand(at);
    playhead.t = Math.floor(t) === at[0] ? t : at[0];
  }

  /** Whether this page's time is the room's, so that nothing else may hold it. */
  shares() {
    return this.on && this.following;
  }

  // --- following

  back() {
    this.following = true;
    this.stage.sought = null;
    this.follow(true);
    this.bar.draw(this);
  }

  /** Be where the room is. */
  follow(turned) {
    const { stage, beat } = this;
    const { playhead } = stage;
    playhead.ending = this.following && this.pausing;
    if (!this.on || !this.following || !beat.room) return;
    playhead.pace = this.pace;
    playhead.early = this.early;
    if (this.debt || this.later) return;
    const { room } = beat;
    const now = performance.now();
    playhead.speed = room.speed;
    stage.deck.speed.value = String(room.speed);
    if (playhead.playing !== room.playing) {
      playhead.playing = room.playing;
      playhead.clock = null;
    }
    const line = playhead.timeline;
    if (!line || this.going !== null || playhead.held) return;
    if (line.future !== room.future) this.go(now);
    else if (!room.playing) this.stand(room.at, now);
    else {
      const t = beat.lands(playhead.t, now, turned);
      if (t !== null && (t < line.from[0] || t > line.to[0])) this.go(now);
      else if (t !== null) playhead.seek(t);
    }
    stage.force = true;
  }

  /** The very same picture as everybody's. */
  stand(at, now) {
    const { stage } = this;
    const { playhead } = stage;
    const line = playhead.timeline;
    if (!line.covers(at)) return this.go(now);
    stage.sought = null;
    if (compare(playhead.at, at) !== 0 || Math.floor(playhead.t) !== at[0]) {
      line.stand(at);
      playhead.t = at[0];
    }
  }

  go(now) {
    const { room } = this.beat;
    const at = room.playing ? [Math.floor(this.beat.at(now)), 0] : room.at;
    this.stage.sought = null;
    if (this.stage.watch.go(room.future, at)) this.going = now;
  }

  /** Time may not go beyond where the room will stand. */
  wall() {
    return this.on && this.following && this.beat.room.playing ? this.beat.room.stop[0] : Infinity;
  }

  // --- each moment

  tick(now) {
    const { link, watch } = this.stage;
    if (!link.open && this.on) this.beat.lost(now);
    if (this.going !== null && now - this.going > GO_MS) this.going = null;
    if (watch.joined && this.on && now - this.asked >= EVERY_MS) this.ping(now);
    this.follow(false);
    if (this.on) this.bar.tell(this, now);
  }

  ping(now) {
    this.asked = now;
    this.send("beat", { t0: now });
    if (--this.pings > 0) setTimeout(() => this.ping(performance.now()), FIRST_PINGS_MS);
  }
}
