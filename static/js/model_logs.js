// Brokers that broadcast, and logs: mqlab/engine/fold_logs.py once more, for the browser.

import { Copy, Flight, forget, forgetAll, Held, leave, unlend } from "./model_parts.js";

const ENTRIES_MAX = 24; // as in mqlab/engine/window.py

function broadcast(scene, e) {
  scene.flights.delete(e.cause);
  for (let n = 0; n < e.of.length; n++) {
    const copy = e.of[n];
    const program = e.to[n];
    if (e.arrives[n] < 0) {
      scene.copies.set(copy, new Copy(`${program}/out`, e.key, "ready", ""));
      scene.nodes.get(`${program}/out`).ready.insert(-1, copy);
      continue;
    }
    scene.nodes.get(program).held.set(copy, new Held(e.key, "on_way", false, false));
    scene.flights.set(copy, new Flight("delivery", e.channel, program, e.t, e.arrives[n], [copy], e.key, false));
  }
}

function appended(scene, e) {
  scene.flights.delete(e.cause);
  const copies = e.copies ?? [];
  for (let n = 0; n < copies.length; n++) {
    scene.copies.set(copies[n], new Copy(e.to[n], e.key, "ready", ""));
    scene.nodes.get(e.to[n]).ready.insert(-1, copies[n]);
  }
  const stream = scene.nodes.get(e.stream);
  stream.settings.length = e.length;
  stream.settings.last = e.entry;
  stream.entries.push([e.of[0], e.key]);
  if (stream.entries.length > ENTRIES_MAX) stream.entries.shift();
}

function claimed(scene, e) {
  const copy = e.of[0];
  const group = scene.nodes.get(e.queue);
  unlend(scene, group, copy);
  group.unacked.set(copy, e.program);
  const state = scene.copies.get(copy);
  state.redelivered = true;
  state.returns++;
  scene.nodes.get(e.program).held.set(copy, new Held(state.key, e.arrives >= 0 ? "on_way" : "dead", true, true));
  return leave(scene, e, "delivery", e.queue, e.program, state.key, true);
}

/** A program is sent something that the broker is done with. */
function handed(scene, e, source) {
  scene.nodes.get(e.program).held.set(e.of[0], new Held(e.key, "on_way", false, false));
  leave(scene, e, "delivery", source, e.program, e.key);
}

function sent(scene, e) {
  forget(scene, e.of[0]);
  handed(scene, e, e.buffer);
}

function trimmed(scene, e) {
  const stream = scene.nodes.get(e.stream);
  stream.settings.length = e.length;
  for (const message of e.of) {
    const at = stream.entries.findIndex((entry) => entry[0] === message);
    if (at >= 0) stream.entries.splice(at, 1);
  }
}

function cursorSet(scene, e) {
  forgetAll(scene, e.skipped ?? []);
  const ready = scene.nodes.get(e.queue).ready;
  for (let n = 0; n < e.of.length; n++) {
    scene.copies.set(e.of[n], new Copy(e.queue, e.keys[n], "ready", ""));
    ready.insert(n, e.of[n]);
  }
}

const APPLY = {
  Broadcast: broadcast,
  Missed: (scene, e) => scene.flights.delete(e.cause),
  Sent: sent,
  Appended: appended,
  Fetched: (scene, e) => handed(scene, e, e.stream),
  Claimed: claimed,
  CursorSet: cursorSet,
  Trimmed: trimmed,
};

/** Change the picture by an event of these; returns whether it was one. */
export function logs(scene, e) {
  const apply = APPLY[e.kind];
  if (apply === undefined) return false;
  apply(scene, e);
  return true;
}
