// How many messages were published in each second of the path looked at: known only where every event of it has
// passed through the model. Pure.

export const BUCKET_US = 1_000_000;

export class Load {
  constructor() {
    this.known = new Map(); // number of the second -> messages published in it
    this.future = "0";
    this.seen = null; // what was loaded when it was last counted
  }

  /** Another future: what lies before the parting stays known. */
  look(future, tree) {
    if (future === this.future) return;
    const { t } = tree.common(this.future, future);
    this.future = future;
    this.seen = null;
    for (const n of this.known.keys()) if ((n + 1) * BUCKET_US > t) this.known.delete(n);
  }

  /** Count what a line has loaded. Returns whether more is known than before. */
  take(line) {
    const seen = `${line.from}|${line.to}`;
    if (seen === this.seen) return false;
    this.seen = seen;
    const [t, i] = line.from;
    const first = Math.ceil((i > 0 ? t + 1 : t) / BUCKET_US);
    const end = Math.floor(line.to[0] / BUCKET_US);
    const before = this.known.size;
    for (let n = first; n < end; n++) {
      if (this.known.has(n)) continue;
      let count = 0;
      const stop = line.first((n + 1) * BUCKET_US);
      for (let e = line.first(n * BUCKET_US); e < stop; e++) if (line.events[e].kind === "Published") count += line.events[e].of.length;
      this.known.set(n, count);
    }
    return this.known.size !== before;
  }

  /** The most that any second has. */
  most() {
    return Math.max(0, ...this.known.values());
  }

  /** Runs of neighbouring seconds that are known: [[n, count], …] each. */
  runs() {
    const runs = [];
    let last = -2;
    for (const n of Array.from(this.known.keys()).sort((a, b) => a - b)) {
      if (n !== last + 1) runs.push([]);
      runs[runs.length - 1].push([n, this.known.get(n)]);
      last = n;
    }
    return runs;
  }
}

/** A soft line over points [x, y], which never rises above or falls below them. Returns the path's commands after its M. */
export function softly(points) {
  let path = "";
  for (let n = 1; n < points.length; n++) {
    const [[x0, y0], [x1, y1]] = [points[n - 1], points[n]];
    const middle = ((x0 + x1) / 2).toFixed(1);
    path += `C${middle} ${y0.toFixed(1)} ${middle} ${y1.toFixed(1)} ${x1.toFixed(1)} ${y1.toFixed(1)}`;
  }
  return path;
}
