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

// A queue's ready copies in service order: cheap at both ends, also with 10,000 of them.

const COMPACT_OVER = 1024;

export class Ready {
  constructor(items = []) {
    this.items = items;
    this.head = 0;
  }

  get size() {
    return this.items.length - this.head;
  }

  at(index) {
    return this.items[this.head + index];
  }

  insert(index, copy) {
    if (index < 0 || index >= this.size) this.items.push(copy);
    else if (index > 0) this.items.splice(this.head + index, 0, copy);
    else if (this.head > 0) this.items[--this.head] = copy;
    else this.items.unshift(copy);
  }

  remove(copy) {
    const items = this.items;
    if (items[this.head] === copy) {
      items[this.head++] = "";
      if (this.head > COMPACT_OVER && this.head * 2 > items.length) {
        this.items = items.slice(this.head);
        this.head = 0;
      }
    } else if (items[items.length - 1] === copy) {
      items.pop();
    } else {
      const found = items.indexOf(copy, this.head);
      if (found >= 0) items.splice(found, 1);
    }
  }

  list() {
    return this.items.slice(this.head);
  }

  copy() {
    return new Ready(this.list());
  }
}
