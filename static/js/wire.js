// The field names of every message on the socket, in one place; a test holds them to static/wire-schema.json.

export const ASKS = {
  join: ["op", "join", "recording", "future", "at"],
  go: ["op", "join", "future", "at"],
  more: ["op", "join", "future", "after", "until"],
  do: ["op", "join", "id", "future", "at", "ahead", "command"],
  carry: ["op", "join", "id", "future", "acts", "command"],
  label: ["op", "join", "future", "text"],
  note: ["op", "join", "id", "future", "t", "text", "message"],
  differ: ["op", "join", "future", "other", "t"],
  leave: ["op", "join"],
  together: ["op", "join", "on", "locked", "future", "at", "speed", "playing"],
  drive: ["op", "join", "future", "at", "speed", "playing", "mark"],
  beat: ["op", "join", "t0"],
};

/** What this code reads of each of the server's frames. */
export const FRAMES = {
  scene: ["recording", "join", "future", "at", "scene", "tree", "role", "limits", "notes"],
  stretch: ["recording", "future", "from", "to", "events"],
  cut: ["recording", "id", "future", "at", "to", "events", "command", "parent", "code", "together"],
  carried: ["recording", "join", "id", "future", "refused"],
  differences: ["recording", "join", "future", "other", "t", "differences"],
  label: ["recording", "future", "text"],
  note: ["recording", "note"],
  kept: ["recording", "id"],
  no: ["recording", "join", "id", "code", "why", "rule", "retry_ms"],
  moved: ["join", "recording"],
  bye: ["code", "why"],
  beat: ["recording", "now", "future", "at", "stop", "speed", "playing", "locked", "turn", "here", "away", "join", "t0", "mark"],
  apart: ["recording", "join"],
};

/** A message as text. Throws on a field that the protocol does not have. */
export function encode(op, fields) {
  const message = { op };
  for (const [name, value] of Object.entries(fields)) {
    if (!ASKS[op].includes(name)) throw new Error(`${op} has no field ${name}`);
    if (value !== undefined && value !== null) message[name] = value;
  }
  return JSON.stringify(message);
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A fresh id of 16 characters (82 bits). Works over plain http, where crypto.randomUUID does not exist. */
export function mint() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => LETTERS[byte % 36]).join("");
}

/** Order of two positions [t, i]: negative, 0 or positive. */
export function compare(a, b) {
  return a[0] - b[0] || a[1] - b[1];
}
