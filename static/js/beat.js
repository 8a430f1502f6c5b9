// The room's time in this browser: what the server's clock says here, where the shared playhead is at a moment, and how
// the own one follows it. Pure; moments are ms of any steady clock, places are µs of the recording.

/** Time is bent by at most this share to follow; who is farther behind than JUMP_MS goes there at once. */
export const SLEW = 0.05;
export const JUMP_MS = 400;
/** When the owner has done something, everybody is there at once; what is less than this is bent away. */
export const TURN_MS = 60;
/** So long time goes on without a connection, as the server's own does without the owner. */
export const AWAY_MS = 3_000;
const PINGS = 8;
const YOUNG_PINGS = 4; // until so many were heard, nobody knows the clock well enough to be bent to it

export class Beat {
  constructor() {
    this.room = null; // the last beat
    this.pings = []; // {rtt, offset}, the newest last
    this.lostAt = null; // since when there is no connection
    this.fresh = true; // the next beat may come from another server, with another clock
    this.young = YOUNG_PINGS;
  }

  /** A beat came at `came`. Returns whether time may land anywhere: the owner has done something, or one has just come. */
  heard(frame, came) {
    if (this.fresh) this.pings = [];
    const turned = this.young > 0 || this.room.turn !== frame.turn;
    if (frame.t0 !== undefined && came >= frame.t0) {
      this.pings.push({ rtt: came - frame.t0, offset: frame.now - (frame.t0 + came) / 2 });
      this.young = Math.max(0, this.young - 1);
      if (this.pings.length > PINGS) this.pings.shift();
    } else if (!this.pings.length) {
      this.pings.push({ rtt: Infinity, offset: frame.now - came }); // as if it had taken no time to come
    }
    this.room = frame;
    this.lostAt = null;
    this.fresh = false;
    return turned;
  }

  /** The connection is gone. What is known stays good for a while. */
  lost(now) {
    this.lostAt ??= now;
    this.fresh = true;
  }

  /** The server's clock minus this one's: as the ping that was fastest has it. */
  get offset() {
    return this.best.offset;
  }

  get best() {
    return this.pings.reduce((best, one) => (one.rtt < best.rtt ? one : best));
  }

  /** Where the room is. */
  at(now) {
    const { room } = this;
    if (!room.playing) return room.at[0];
    const until = this.lostAt === null ? now : Math.min(now, this.lostAt + AWAY_MS);
    const passed = Math.max(0, until + this.offset - room.now);
    return Math.min(room.at[0] + passed * 1000 * room.speed, Math.max(room.stop[0], room.at[0]));
  }

  /** Whether the room stands. */
  stands(now) {
    const { room } = this;
    return !room.playing || this.at(now) >= room.stop[0] || (this.lostAt !== null && now - this.lostAt > AWAY_MS);
  }

  /** Where the own time goes from `t` in `passed` ms: never back, and bent as little as it takes. */
  pace(t, passed, now) {
    const target = this.at(now);
    const { speed, stop } = this.room;
    if (this.stands(now)) return Math.max(t, Math.min(t + passed * 1000 * speed * (1 + SLEW), target));
    const step = passed * 1000 * speed;
    const off = target - (t + step);
    return Math.max(t, Math.min(stop[0], t + step + Math.max(-SLEW * step, Math.min(SLEW * step, off))));
  }

  /** Where time has to be at once, or null: forward, from certainly far behind; anywhere, where it may land. */
  lands(t, now, turned) {
    const target = this.at(now);
    if (!this.room.playing) return t === target ? null : target;
    if (turned && t > this.room.stop[0]) return target;
    const off = (target - t) / (1000 * this.room.speed);
    return off - this.best.rtt / 2 > JUMP_MS || (turned && Math.abs(off) > TURN_MS) ? target : null;
  }
}
