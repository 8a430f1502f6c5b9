// What a picture counts, by node: mqlab/engine/tally.py once more.

const PILE_KEYS_MAX = 24;

/** Add one event to the scene's counts and piles. */
export function tally(scene, e) {
  switch (e.kind) {
    case "Published": return count(scene, e.program, "published", e);
    case "Unroutable":
      count(scene, e.exchange, e.reason, e);
      return fall(scene, e.exchange, e.key);
    case "Refused": return count(scene, e.exchange, "refused", e);
    case "Enqueued": return count(scene, e.queue, "enqueued", e);
    case "Dropped":
      count(scene, e.queue, e.reason, e);
      return fall(scene, e.queue, e.key);
    case "Expired":
      count(scene, e.queue, "expired", e);
      return fall(scene, e.queue, e.key);
    case "Purged": return count(scene, e.queue, "purged", e);
    case "DeadLettered": return count(scene, e.queue, e.reason, e);
    case "Requeued": return count(scene, e.queue, "requeued", e);
    case "Delivered": return count(scene, e.queue, "delivered", e);
    case "Handled": return count(scene, e.program, e.outcome, e);
    case "Settled": return count(scene, e.program, e.outcome, e);
    case "ConfirmReceived": return count(scene, e.program, e.ok === false ? "nacked" : "confirmed", e);
    case "ReturnReceived": return count(scene, e.program, "returned", e);
    case "Lost":
      count(scene, e.node, `lost_${e.what}`, e);
      if (e.what === "message") fall(scene, e.node, e.key ?? "");
  }
}

function count(scene, node, what, e) {
  let counts = scene.counts.get(node);
  if (counts === undefined) scene.counts.set(node, (counts = new Map()));
  counts.set(what, (counts.get(what) ?? 0) + (e.of.length || 1));
}

function fall(scene, node, key) {
  let pile = scene.piles.get(node);
  if (pile === undefined) scene.piles.set(node, (pile = []));
  pile.push(key);
  if (pile.length > PILE_KEYS_MAX) pile.splice(0, pile.length - PILE_KEYS_MAX);
}
