// Follows a room for a Python test: one JSON object a line in, {frames: [[ms, frame]…], lost: [ms…], from, until, t};
// out, for each screen frame, [ms, t, whether the owner had done something, speed, whether the room stands, whether it is paused and this is its very place].

import { createInterface } from "node:readline";

import { Beat } from "../../static/js/beat.js";

const FRAME_MS = 16;

function follow({ frames, lost, from, until, t }) {
  const beat = new Beat();
  const shown = [];
  for (let now = from; now < until; now += FRAME_MS) {
    let turned = false;
    while (lost.length && lost[0] <= now) beat.lost(lost.shift());
    while (frames.length && frames[0][0] <= now) {
      const [came, frame] = frames.shift();
      turned = beat.heard(frame, came) || turned;
    }
    if (!beat.room) continue;
    const at = beat.lands(t, now, turned);
    if (at !== null) t = at;
    else if (beat.room.playing) t = beat.pace(t, FRAME_MS, now);
    shown.push([now, t, turned, beat.room.speed, beat.stands(now) || t >= beat.room.stop[0], !beat.room.playing && t === beat.room.at[0]]);
  }
  return shown;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(follow(JSON.parse(line)))}\n`);
}
