// <mq-stage data-recording>: wires link, playhead, picture, deck, verdicts and acts together. What is more than
// that is a *feature*: an object that `use` is given, with any of the methods that `tell` and `ask` call by name:
//   scene(frame) tree() cut(frame, mine) kept(frame) no(frame) other(frame)     what came over the wire
//   takes(frame, mine)                         whether it has put a cut in place itself
//   meant(what)                                time was moved by hand: play, speed, seek
//   selected(selection)                        another message or node was chosen, or none
//   draw(line, moved, now)                     the picture is drawn anew
//   wall(line)                                 the last µs that time may reach for now
//   holds()                                    a sentence, while time stands for its sake
//   key(event)                                 whether it took this key
//   place(parameters) visit(parameters)        its part of the address
//   known(past)                                what came before all that is loaded was asked for and has come
//   shares()                                   whether others see the same time as this page

import { Acts } from "./acts.js";
import { answers } from "./answers.js";
import { Deck, wireKeys } from "./deck.js";
import { el, Side, text } from "./dom.js";
import { Link } from "./link.js";
import { Playhead } from "./playhead.js";
import { Picture, wireNodes } from "./scene.js";
import { Timeline, Tree } from "./timeline.js";
import { Verdicts } from "./verdicts.js";
import { brokerWords, readPlace, writePlace } from "./words.js";

const AHEAD_US = 500_000;
const GO_EVERY_MS = 120;
const PAGES = ["Story", "Act", "Notes", "Code", "Events"];

class Stage extends HTMLElement {
  connectedCallback() {
    if (this.playhead) return;
    this.playhead = new Playhead();
    this.tree = new Tree();
    this.selection = {};
    this.features = [];
    this.states = { connected: null, why: "", loaded: false };
    this.seen = true;
    this.build();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.link = new Link(`${scheme}://${location.host}/ws/lab/`);
    this.link.onState = (connected, why) => Object.assign(this.states, { connected, why });
    const place = readPlace(location.hash);
    this.selection = place.selection;
    this.wish = place;
    this.watch = this.link.watch(this.dataset.recording, answers(this), () => {
      const at = this.wish.t === null ? undefined : [this.wish.t, 0];
      return at && !this.wish.future ? { future: "0", at } : { future: this.wish.future ?? undefined, at };
    });
    this.link.connect();
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.playhead.playing = place.t === null && !this.still.matches;
    this.width = this.figure.clientWidth;
    new ResizeObserver(() => {
      this.width = this.figure.clientWidth || this.width;
      this.least = undefined;
    }).observe(this.figure);
    new IntersectionObserver((entries) => {
      this.seen = entries[entries.length - 1].isIntersecting;
      this.playhead.clock = null;
    }).observe(this);
    addEventListener("beforeunload", (event) => {
      if (this.watch.unkept) event.preventDefault();
    });
    addEventListener("hashchange", () => this.visit(readPlace(location.hash)));
    document.querySelector("form.share")?.addEventListener("submit", (event) => {
      event.target.elements.future.value = this.playhead.timeline?.future ?? "0";
      event.target.action = event.target.action.split("#")[0] + this.address(); // the redirect keeps the fragment
    });
    this.frame = (now) => {
      this.tick(now);
      requestAnimationFrame(this.frame);
    };
    requestAnimationFrame(this.frame);
  }

  build() {
    this.classList.add("loading"); // what is under the figure is shown when the figure has its height
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", "The lab. Arrow keys go along, Enter tells the story of what is under the cursor.");
    this.picture = new Picture(this.svg);
    this.banner = el("p", { class: "broker-note soft" });
    this.waiting = el("p", { class: "waiting", textContent: "Loading the lab…" });
    this.figure = el("div", { class: "figure" }, this.banner, this.waiting, this.svg);
    const playhead = this.playhead;
    this.deck = new Deck({
      start: () => this.seek(0),
      back: () => this.back(),
      play: () => this.play(!playhead.plays),
      step: () => this.step(),
      speed: (x) => {
        playhead.speed = x;
        this.tell("meant", "speed");
      },
      seek: (t) => this.seek(t),
      scrub: (t) => this.seek(t, false),
      rest: () => playhead.playing || this.remember(),
      future: (name) => this.look(name),
    });
    this.verdicts = new Verdicts();
    const command = this.dataset.firstCommand ? JSON.parse(this.dataset.firstCommand) : null;
    this.acts = new Acts({ onAct: (one) => this.act(one), first: command });
    this.side = new Side("Beside the figure", PAGES);
    this.side.add("Act", this.acts.root);
    this.replaceChildren(el("div", { class: "bench" }, this.figure, this.side.root), this.deck.root, this.verdicts.root);
    this.figure.addEventListener("pointerdown", () => (this.pressed = true)); // what one aims at stands still
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (this.pressed = false));
    this.svg.addEventListener("click", (event) => {
      const message = this.picture.messageAt(event.clientX, event.clientY);
      if (message) return this.select({ message });
      const node = event.target.closest("[data-node]")?.dataset.node;
      if (!node) return;
      this.acts.choose(node);
      this.select({ node });
    });
    wireKeys(this);
    wireNodes(this.svg, () => this.picture, (name) => {
      this.acts.choose(name);
      this.reader?.open(name);
    });
  }

  // --- features

  use(feature) {
    this.features.push(feature);
    feature.visit?.(readPlace(location.hash).parameters);
    if (this.playhead.timeline) feature.tree?.();
    this.force = true;
  }

  /** Call this method of every feature that has it. */
  tell(method, ...args) {
    for (const feature of this.features) feature[method]?.(...args);
  }

  /** The first answer that is not empty. */
  ask(method, ...args) {
    for (const feature of this.features) {
      const answer = feature[method]?.(...args);
      if (answer) return answer;
    }
    return "";
  }

  /** What the first picture does without, once it is drawn. */
  lazy() {
    this.lazy = () => {};
    performance.mark("mq-first-picture"); // what was asked for before this is the first load
    const settle = () => requestAnimationFrame(() => this.classList.remove("loading")); // after the lesson is drawn, in the same frame
    if (this.dataset.lesson) import("./lesson.js").then(({ Lesson }) => this.use(new Lesson(this, JSON.parse(this.dataset.lesson)))).finally(settle);
    else settle();
    import("./comparing.js").then(({ Comparing }) => this.use(new Comparing(this)));
    if (!this.classList.contains("compact")) this.lazyWriting();
    if (document.getElementById("saves")) import("./saves.js").then(({ Saves }) => this.use(new Saves(this)));
    import("./undo.js").then(({ Undo }) => this.use(new Undo(this)));
    import("./track.js").then(({ Track }) => this.use(new Track(this)));
    this.acts.load();
    if (this.classList.contains("compact")) return;
    import("./reader.js").then(({ attach }) => attach(this));
    import("./quick.js").then(({ Quick }) => this.use(new Quick(this)));
    import("./keys.js").then(({ Keys }) => this.use(new Keys(this)));
    import("./code_view.js").then(({ CodePage }) => this.use(new CodePage(this)));
  }

  lazyWriting() {
    import("./remarks.js").then(({ Remarks }) => {
      const remarks = new Remarks(this);
      this.use(remarks);
      const root = document.getElementById("take");
      if (root) import("./take.js").then(({ Take }) => this.use(new Take(this, root, () => Array.from(remarks.notes.values()))));
    });
    import("./room.js").then(({ Room }) => this.use(new Room(this)));
  }

  /** A scene came: at first, or because one went where nothing was loaded. */
  arrive(frame) {
    const playhead = this.playhead;
    playhead.show(Timeline.from(frame.future, frame.scene));
    this.going = false;
    this.states.loaded = true;
    this.waiting.hidden = true;
    playhead.end = (frame.limits?.recording_s ?? 600) * 1_000_000;
    playhead.t = frame.at[0];
    const sought = this.sought;
    this.sought = null;
    if (sought !== null && sought !== undefined && !playhead.seek(sought)) this.after = sought;
    if (this.wish?.t) this.after = this.wish.t;
    this.wish = null;
    this.force = true;
  }

  /** More was loaded: go where one wanted to go. */
  caughtUp() {
    const playhead = this.playhead;
    const line = playhead.timeline;
    if (this.after !== undefined && this.after !== null && line.to[0] > this.after) {
      if (!playhead.playing) playhead.seek(this.after);
      this.after = null;
    }
    if (this.backTo && line.covers(this.backTo)) {
      line.stand(this.backTo);
      playhead.t = this.backTo[0];
      this.backTo = null;
      playhead.back();
      this.tell("meant", "seek");
    }
    if (this.wantStep) {
      this.wantStep = false;
      playhead.step();
      this.tell("meant", "seek");
    }
    this.force = true;
  }

  act(command) {
    const playhead = this.playhead;
    if (!playhead.timeline) return;
    playhead.held = true;
    this.acts.pending(command);
    this.watch.act(command, () => {
      const at = playhead.at;
      return { future: this.tree.owner(playhead.timeline.future, at), at, ahead: Math.round(AHEAD_US * Math.max(1, playhead.speed)) };
    });
  }

  cut(frame, mine) {
    this.tree.add({ id: frame.id, parent: frame.parent, t: frame.at[0], i: frame.at[1], command: frame.command, kept: false });
    this.tell("cut", frame, mine);
    this.tell("tree");
    const taken = this.ask("takes", frame, mine);
    if (!mine && !taken) return;
    const line = this.playhead.timeline;
    if (!taken && line.covers(frame.at)) this.playhead.cut(frame);
    else if (!taken) this.watch.go(frame.future, frame.at);
    if (mine) this.acts.done(frame.command, frame.at[0]);
    this.free();
    this.force = true;
    if (!this.playhead.playing) this.remember();
  }

  free() {
    this.playhead.held = this.watch.acts.some((act) => !act.cut);
  }

  lastKept() {
    const kept = Array.from(this.tree.acts.values()).filter((act) => act.kept);
    return kept.length ? kept[kept.length - 1].id : "0";
  }

  // --- going about

  play(on) {
    this.playhead.playing = on;
    this.playhead.clock = null;
    this.tell("meant", "play");
    if (!on) this.remember();
    this.force = true;
  }

  /** Go to a time; one that is scrubbed is only written down when it rests, as the address is slow to change. */
  seek(t, settled = true) {
    const playhead = this.playhead;
    if (!playhead.timeline || playhead.held) return;
    if (playhead.seek(t)) this.sought = null;
    else {
      this.sought = t;
      playhead.t = t;
    }
    this.tell("meant", "seek");
    if (settled && !playhead.playing) this.remember();
    this.force = true;
  }

  step() {
    if (!this.playhead.timeline || this.playhead.held) return;
    this.playhead.playing = false;
    this.wantStep = !this.playhead.step();
    this.tell("meant", "seek");
    this.remember();
    this.force = true;
  }

  back() {
    const playhead = this.playhead;
    if (!playhead.timeline || playhead.held) return;
    playhead.playing = false;
    if (!playhead.back()) {
      const { from, future } = playhead.timeline;
      if (from[0] > 0 || from[1] > 0) {
        this.backTo = from;
        this.watch.go(future, [Math.max(0, from[0] - 5_000_000), 0]);
      }
    }
    this.tell("meant", "seek");
    this.remember();
    this.force = true;
  }

  /** Look at another future, at the same moment or another. Returns whether it was asked for. */
  look(future, at = this.playhead.timeline ? [Math.floor(this.playhead.t), 0] : [0, 0]) {
    this.sought = this.after = this.backTo = null;
    return this.watch.go(future, at);
  }

  visit({ t, selection, future, parameters }) {
    this.select(selection, false);
    this.tell("visit", parameters);
    if (future && this.tree.acts.has(future) && future !== this.playhead.timeline?.future) this.watch.go(future, [t ?? 0, 0]);
    else if (t !== null && t !== Math.floor(this.playhead.t)) {
      this.playhead.playing = false;
      this.playhead.clock = null;
      this.seek(t);
    }
  }

  /** Choose what is read about: {message}, {node}, or nothing. */
  select(selection, write_ = true) {
    this.selection = selection ?? {};
    this.tell("selected", this.selection);
    if (write_) this.remember();
    this.force = true;
  }

  /** The part of the address that says where one looks. */
  address() {
    const parameters = new URLSearchParams();
    this.tell("place", parameters);
    return writePlace({ t: Math.floor(this.playhead.t), selection: this.selection, future: this.playhead.timeline?.future ?? "0", parameters });
  }

  remember() {
    if (this.playhead.timeline && !this.classList.contains("compact")) history.replaceState(null, "", this.address());
  }

  // --- each frame

  tick(now) {
    const playhead = this.playhead;
    const line = playhead.timeline;
    if (!line) {
      const { why, refused, connected } = this.states;
      text(this.waiting, why || refused || (connected === false ? "No connection to the server; trying again…" : "Loading the lab…"));
      return;
    }
    if (this.pressed) playhead.clock = null;
    playhead.wall = Math.min(Infinity, ...this.features.map((feature) => feature.wall?.(line) ?? Infinity));
    const moved = this.seen && !this.pressed && playhead.tick(now);
    if (this.sought !== null && this.sought !== undefined && !this.going && now - (this.wentAt ?? 0) > GO_EVERY_MS) {
      this.going = this.watch.go(line.future, [Math.floor(this.sought), 0]);
      this.wentAt = now;
    }
    const wants = this.watch.joined ? playhead.wants(now) : null;
    if (wants && !this.watch.more(line.future, wants.after, wants.until)) playhead.asked = null;
    const laid = this.picture.shapeUp(line.scene, this.width, this.room);
    this.picture.still = this.still.matches;
    if (moved || laid || this.force || this.drawnIndex !== line.index) {
      this.picture.draw(line.scene, playhead.t, this.selection.message ?? "");
      this.acts.draw(line.scene);
      if (!moved || now - (this.toldAt ?? 0) > 150) {
        this.toldAt = now;
        this.verdicts.draw(line.scene);
      }
      this.drawnIndex = line.index;
      this.tell("draw", line, moved, now);
      this.lazy();
    }
    this.deck.draw(playhead, this.tree, this.words());
    this.note(line.scene);
    this.force = false;
  }

  /** The height that the figure may fill: what its style gives it at least. */
  get room() {
    return (this.least ??= parseFloat(getComputedStyle(this.figure).minHeight) - 40);
  }

  note(scene) {
    const brokers = Array.from(scene.nodes).filter(([, node]) => node.what === "broker");
    text(this.banner, brokers.map(([name, node]) => brokerWords(name, node)).join(", "));
    this.banner.classList.toggle("alarm", brokers.some(([, node]) => node.status === "down" || node.settings.alarms?.length));
  }

  words() {
    if (this.states.why) return this.states.why;
    if (!this.states.connected) {
      const waits = this.watch.unkept ? ` ${this.watch.unkept === 1 ? "One act waits" : `${this.watch.unkept} acts wait`} to be sent.` : "";
      return `The connection is away; trying again. What was loaded can be played.${waits}`;
    }
    if (this.playhead.held) return "Waiting for the answer to your act.";
    const holds = this.ask("holds");
    if (holds) return holds;
    if (this.playhead.timeline.scene.storm) return this.playhead.timeline.scene.storm;
    if (this.playhead.waiting || this.sought) return "Loading…";
    return "";
  }
}

customElements.define("mq-stage", Stage);
