// A scene as the server would write it, with every field: what a test compares.

const same = (value) => value;

export function plain(scene) {
  const object = (map, make) => Object.fromEntries(Array.from(map, ([name, value]) => [name, make(value)]));
  return {
    at: [scene.t, scene.i],
    nodes: object(scene.nodes, (n) => ({
      what: n.what, settings: n.settings, status: n.status,
      ready: n.ready.list(), unacked: object(n.unacked, same), held: object(n.held, (h) => ({ ...h })), unconfirmed: n.unconfirmed,
      memory: object(n.memory, same), entries: n.entries,
    })),
    links: object(scene.links, (l) => ({ ...l })),
    copies: object(scene.copies, (c) => ({ ...c })),
    flights: object(scene.flights, (f) => ({ ...f })),
    counts: object(scene.counts, (counts) => object(counts, same)),
    piles: object(scene.piles, same),
    verdicts: object(scene.verdicts, same),
    goals: scene.goals,
    storm: scene.storm,
    offered: scene.offered,
    predictions: scene.predictions,
  };
}
