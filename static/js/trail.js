// The lines that the selected message has taken up to the playhead, which are drawn as such. `waysOf` is pure: no DOM.

/** The ways in what was gathered of a message: "source\ntarget", and of a binding "source\ntarget\nkey". */
export function waysOf(actions) {
  const ways = new Set();
  for (const events of actions) for (const event of events) {
    if (event.kind === "Published") ways.add(`${event.program}\n${event.exchange}`);
    else if (event.kind === "Routed") event.to.forEach((queue, n) => ways.add(`${event.exchange}\n${queue}${event.by ? `\n${event.by[n]}` : ""}`));
    else if (event.kind === "Delivered") ways.add(`${event.queue}\n${event.program}`);
    else if (event.kind === "Replied") ways.add(`${event.exchange}\n${event.program}`);
    else if (event.kind === "DeadLettered") ways.add(`${event.queue}\n${event.exchange}`);
  }
  return ways;
}

export class Trail {
  /** Mark the lines of this picture that what was gathered went along; null: none. */
  draw(picture, gathered) {
    const ways = gathered ? waysOf(gathered.actions) : null;
    const state = ways ? Array.from(ways).join("\0") : "";
    if (this.drawn === picture.drawn && this.state === state) return;
    [this.drawn, this.state] = [picture.drawn, state];
    for (const { line, key, marks } of picture.drawn) {
      const way = `${line.source}\n${line.target}`;
      const taken = ways !== null && (ways.has(way) || ways.has(`${way}\n${key}`) || (line.what === "implied" && Array.from(ways).some((one) => one.startsWith(`${way}\n`))));
      for (const mark of marks) mark.classList.toggle("taken", taken);
    }
  }
}
