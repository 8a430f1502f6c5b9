// Reading the lab: the pages Story and Events beside the figure, the selected thing in the picture, and what happens next to
// it. A feature of the stage, loaded once the first picture is drawn.

import { el } from "./dom.js";
import { Log } from "./log.js";
import { Past, REACH_US } from "./past.js";
import { ASK_AGAIN_MS } from "./playhead.js";
import { Wording } from "./wording.js";
import { bookOf, unsaid } from "./story.js";
import { Teller } from "./teller.js";
import { Trail } from "./trail.js";
import { messageOf, seconds } from "./words.js";

const AHEAD_US = 60_000_000;
const MORE_US = 20_000_000;
const AUTO_US = 20_000_000;
const LITTLE_US = 5_000_000; // with less than this before the playhead, more of it is asked for
const KEYS_MAX = 40_000;
const EVENTS_MAX = 60_000;
const PAGES = new Set(["Story", "Events"]);

export class Reader {
  constructor(stage) {
    this.stage = stage;
    this.keys = new Map(); // message -> the key on its chip
    this.from = 0;
    const select = (selection) => stage.select(selection);
    this.prose = new Wording(stage.picture.keys, (message) => this.keyOf(message), select);
    this.past = new Past();
    this.trail = new Trail();
    this.teller = new Teller(this.prose, this.past, {
      go: (t) => this.go(t),
      select,
      act: (node) => this.act(node),
      next: () => this.next(),
      past: () => this.reach(REACH_US),
    });
    this.log = new Log(this.prose, this.past, { onGo: (t) => this.go(t), onSelect: select });
    stage.side.add("Story", this.teller.root);
    stage.side.add("Events", this.log.root);
    for (const root of [this.teller.root, this.log.root]) {
      root.addEventListener("keydown", (event) => {
        if (!event.ctrlKey && !event.metaKey && !event.altKey && this.key(event)) event.preventDefault();
      });
    }
    for (const kind of ["click", "keydown"]) stage.side.bar.addEventListener(kind, () => (stage.force = true)); // a page may have come into view
    this.log.roll.root.addEventListener("toggle", () => (stage.force = true));
    this.selected(stage.selection);
    if (stage.selection.node) stage.side.show("Story"); // a link to a node is to be read
  }

  // --- the selection

  selected(selection) {
    this.ahead = null;
    this.tried = false;
    this.teller.select(selection);
    const { side } = this.stage;
    if (selection.message ? !PAGES.has(side.shown) : selection.node && side.shown !== "Act" && !PAGES.has(side.shown)) side.show("Story");
    this.stage.force = true;
  }

  /** Tell the story of a node, as Enter in the picture asks for, and go there. */
  open(node) {
    this.stage.select({ node });
    this.stage.side.show("Story");
    this.stage.force = true;
    this.teller.title.focus();
  }

  act(node) {
    if (this.stage.acts.choose(node)) this.stage.side.show("Act", true);
  }

  go(t) {
    this.stage.play(false);
    this.stage.seek(t);
  }

  key(event) {
    if (event.key === "Escape" && (this.stage.selection.message || this.stage.selection.node)) {
      this.stage.select(null);
      return true;
    }
    if (event.key === "n" && this.stage.selection.message) {
      this.next();
      return true;
    }
    return false;
  }

  // --- each drawing

  draw(line, moved, now) {
    const { stage } = this;
    this.learn(line);
    for (const [name, glyph] of stage.picture.glyphs ?? []) glyph.root.toggleAttribute("data-chosen", name === stage.selection.node);
    this.trail.draw(stage.picture, this.teller.follow(line));
    if (this.ahead) this.look(line);
    const playing = stage.playhead.playing;
    if (!this.teller.root.hidden) this.teller.draw(line, now, { playing, actable: line.scene.nodes.has(stage.selection.node) }, !playing);
    if (!this.log.root.hidden) this.log.draw(line, stage.selection, now, !playing);
    this.complete(line);
  }

  /** Ask once by itself for the beginning of the life that is looked at, or for the last seconds of anything else. */
  complete(line) {
    const { life, root } = this.teller;
    const little = line.scene.t - line.from[0] < LITTLE_US && line.from[0] > 0 && !this.past.joins(line);
    const wanted = root.hidden ? !this.log.root.hidden && little : life ? !life.whole : this.stage.selection.node && little;
    if (!wanted || this.tried) return;
    this.tried = true;
    this.reach(AUTO_US);
  }

  reach(us) {
    const { stage } = this;
    const line = stage.playhead.timeline;
    if (!line || !stage.watch.joined) return;
    this.past.load(stage.link, stage.dataset.recording, line, () => {
      if (this.past.joins(line)) stage.tell("known", this.past);
      stage.force = true;
    }, us);
    stage.force = true;
  }

  /** Which key is on which message's chip. */
  learn(line) {
    if (this.line !== line) {
      this.line = line;
      this.from = 0;
      this.tried = false;
    } else if (this.future !== line.future) this.past.cut(line);
    this.future = line.future;
    const { events } = line;
    if (this.from > events.length) this.from = 0;
    this.learnFrom(events, this.from);
    this.from = events.length;
    if (this.learned === this.past.events) return;
    this.learned = this.past.events;
    this.learnFrom(this.past.events, 0);
  }

  learnFrom(events, from) {
    for (let n = from; n < events.length; n++) {
      const event = events[n];
      if (event.key && event.of?.length) for (const copy of event.of) this.keys.set(messageOf(copy), event.key);
    }
    if (this.keys.size <= KEYS_MAX) return;
    for (const message of Array.from(this.keys.keys()).slice(0, KEYS_MAX / 2)) this.keys.delete(message); // the oldest
  }

  keyOf(message) {
    const known = this.keys.get(message);
    if (known !== undefined) return known;
    const scene = this.stage.playhead.timeline.scene;
    const start = `${message}@`;
    let key = "";
    for (const [copy, state] of scene.copies) if (copy.startsWith(start)) key = state.key;
    for (const node of scene.nodes.values()) for (const [copy, held] of node.held) if (copy.startsWith(start)) key = held.key;
    for (const flight of scene.flights.values()) if (flight.of.some((copy) => messageOf(copy) === message)) key = flight.key || key;
    if (key) this.keys.set(message, key);
    return key;
  }

  // --- what happens next

  /** The server says no: what is looked for is asked for again a while later. */
  no(frame) {
    if (this.ahead && !frame.id) setTimeout(() => (this.stage.force = true), ASK_AGAIN_MS);
  }

  /** Go to the next thing that happens to the selected message; ask on for a minute where it is not loaded. */
  next() {
    const { playhead } = this.stage;
    const line = playhead.timeline;
    if (!line || playhead.held || !this.teller.life) return;
    this.stage.play(false);
    this.ahead = { from: line.index, until: Math.min(playhead.end, Math.floor(playhead.t) + AHEAD_US), asked: null };
    this.look(line);
  }

  look(line) {
    const { stage, ahead } = this;
    const { playhead } = stage;
    const say = (words) => {
      this.teller.ahead.textContent = words;
      this.ahead = null;
    };
    if (playhead.playing || line.index !== ahead.from) return say("");
    const message = stage.selection.message;
    for (let n = line.index; n < line.events.length; n++) {
      const event = line.events[n];
      if (event.t > playhead.wall) return say(stage.ask("holds") || "Time stands here for now.");
      if (event.of?.some((copy) => messageOf(copy) === message) && !unsaid(event, bookOf(line.scene))) {
        say("");
        while (n < line.events.length && !line.events[n].last) n++;
        line.turn(Math.min(n + 1, line.events.length));
        playhead.t = line.scene.t;
        stage.remember();
        stage.force = true;
        return;
      }
    }
    const loaded = line.to[0];
    if (loaded >= ahead.until || line.events.length - line.index > EVENTS_MAX) return say(loaded >= playhead.end ? "Nothing more happens to it: here the recording ends." : `Nothing more happens to it up to ${seconds(loaded)} s.`);
    const now = performance.now();
    if (ahead.asked && loaded < ahead.asked.until && now - ahead.asked.when < ASK_AGAIN_MS) return; // it comes in pieces
    const until = Math.min(ahead.until, loaded + MORE_US);
    if (stage.watch.more(line.future, line.to, until)) {
      ahead.asked = { until, when: now };
      this.teller.ahead.textContent = "Looking ahead…";
    } else say("The connection is away: there is nothing more to look at for now.");
  }
}

/** Make the stage readable, with the style sheet that the first picture does without. */
export function attach(stage) {
  const style = el("link", { rel: "stylesheet", href: stage.dataset.storyStyle });
  style.onload = style.onerror = () => {
    stage.reader = new Reader(stage);
    stage.use(stage.reader);
  };
  document.head.append(style);
}
