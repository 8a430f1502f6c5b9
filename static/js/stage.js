// <mq-stage data-recording>: wires link, playhead, picture, deck, log, verdicts and acts together.

import { Acts } from "./acts.js";
import { Deck, wireKeys } from "./deck.js";
import { el, text } from "./dom.js";
import { Link } from "./link.js";
import { Log } from "./log.js";
import { Playhead } from "./playhead.js";
import { Picture, wireNodes } from "./scene.js";
import { Timeline, Tree } from "./timeline.js";
import { Verdicts } from "./verdicts.js";
import { readPlace, writePlace } from "./words.js";

const AHEAD_US = 500_000;
const GO_EVERY_MS = 120;

class Stage extends HTMLElement {
  connectedCallback() {
    if (this.playhead) return;
    this.playhead = new Playhead();
    this.tree = new Tree();
    this.selected = "";
    this.states = { connected: false, why: "", loaded: false };
    this.seen = true;
    this.build();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.link = new Link(`${scheme}://${location.host}/ws/lab/`);
    this.link.onState = (connected, why) => Object.assign(this.states, { connected, why });
    const place = readPlace(location.hash);
    this.selected = place.message;
    this.wish = place;
    this.watch = this.link.watch(this.dataset.recording, this.handlers(), () => {
      const at = this.wish.t === null ? undefined : [this.wish.t, 0];
      return at && !this.wish.future ? { future: "0", at } : { future: this.wish.future ?? undefined, at };
    });
    this.link.connect();
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.playhead.playing = place.t === null && !this.still.matches;
    this.width = this.figure.clientWidth;
    new ResizeObserver(() => (this.width = this.figure.clientWidth)).observe(this.figure);
    new IntersectionObserver((entries) => {
      this.seen = entries[entries.length - 1].isIntersecting;
      this.playhead.clock = null;
    }).observe(this.figure);
    addEventListener("beforeunload", (event) => {
      if (this.watch.unkept) event.preventDefault();
    });
    addEventListener("hashchange", () => this.visit(readPlace(location.hash)));
    document.querySelector("form.share")?.addEventListener("submit", (event) => {
      const place = { t: Math.floor(this.playhead.t), message: this.selected, future: this.playhead.timeline?.future ?? "0" };
      event.target.elements.future.value = place.future;
      event.target.action = event.target.action.split("#")[0] + writePlace(place); // the redirect keeps the fragment
    });
    this.frame = (now) => {
      this.tick(now);
      requestAnimationFrame(this.frame);
    };
    requestAnimationFrame(this.frame);
  }

  build() {
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", "The lab. Arrow keys go along, Enter acts on what is under the cursor.");
    this.picture = new Picture(this.svg);
    this.banner = el("p", { class: "broker-note soft" });
    this.waiting = el("p", { class: "waiting", textContent: "Loading the lab…" });
    this.figure = el("div", { class: "figure" }, this.banner, this.waiting, this.svg);
    const playhead = this.playhead;
    this.deck = new Deck({
      start: () => this.seek(0),
      back: () => this.back(),
      play: () => this.play(!playhead.playing),
      step: () => this.step(),
      speed: (x) => (playhead.speed = x),
      seek: (t) => this.seek(t),
      future: (name) => this.look(name),
    });
    this.log = new Log(this.picture.keys, { onGo: (t) => this.seek(t), onSelect: (message) => this.select(message) });
    this.verdicts = new Verdicts();
    const command = this.dataset.firstCommand ? JSON.parse(this.dataset.firstCommand) : null;
    const goals = Array.from(document.querySelectorAll("#goals li"));
    this.acts = new Acts({ onAct: (one) => this.act(one), first: command && { say: this.dataset.firstSay, command }, goals });
    const tabs = this.tabs([["Act", this.acts.root], ["Events", this.log.root]]);
    this.replaceChildren(el("div", { class: "bench" }, this.figure, tabs), this.deck.root, this.verdicts.root);
    this.svg.addEventListener("pointerdown", () => (this.pressed = true)); // what one aims at stands still
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (this.pressed = false));
    this.svg.addEventListener("click", (event) => {
      const message = this.picture.messageAt(event.clientX, event.clientY);
      if (message) return this.select(message);
      const node = event.target.closest("[data-node]")?.dataset.node;
      if (node && this.acts.choose(node)) this.show(0);
    });
    wireKeys(this);
    wireNodes(this.svg, () => this.picture, (name) => {
      if (this.acts.choose(name)) {
        this.show(0);
        this.acts.select.focus();
      }
    });
  }

  tabs(pages) {
    const bar = el("div", { class: "tabs", role: "tablist", "aria-label": "Beside the figure" });
    const panels = pages.map(([name, root], n) => {
      root.id = `mq-panel-${n}`;
      root.setAttribute("role", "tabpanel");
      root.setAttribute("aria-label", name);
      bar.append(el("button", { type: "button", role: "tab", "aria-controls": root.id, textContent: name, onclick: () => this.show(n) }));
      return root;
    });
    bar.addEventListener("keydown", (event) => {
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") this.show(1 - this.shown, true);
    });
    this.show = (n, focus = false) => {
      this.shown = n;
      panels.forEach((panel, m) => (panel.hidden = m !== n));
      Array.from(bar.children).forEach((tab, m) => {
        tab.setAttribute("aria-selected", String(m === n));
        tab.tabIndex = m === n ? 0 : -1;
        if (focus && m === n) tab.focus();
      });
    };
    this.show(this.selected ? 1 : 0);
    return el("aside", { class: "side", "aria-label": "Act and read" }, bar, ...panels);
  }

  handlers() {
    const playhead = this.playhead;
    return {
      scene: (frame) => {
        this.tree = new Tree(frame.tree);
        this.arrive(frame);
      },
      tree: (frame) => {
        const known = this.tree.acts;
        this.tree = new Tree(frame.tree);
        for (const act of this.watch.acts) if (act.cut && known.has(act.id)) this.tree.add(known.get(act.id));
        playhead.asked = null;
      },
      stretch: (frame) => {
        const line = playhead.timeline;
        if (!line || frame.future !== line.future || !line.append(frame.from, frame.to, frame.events)) return;
        this.caughtUp();
      },
      cut: (frame, mine) => this.cut(frame, mine),
      kept: (frame) => {
        this.tree.keep(frame.id);
        this.acts.saved(this.watch.unkept === 0);
      },
      moved: (frame) => {
        this.dataset.recording = frame.recording;
        document.getElementById("viewer")?.remove();
        const share = document.querySelector("form.share");
        if (share) Object.assign(share, { hidden: false, action: `/r/${frame.recording}/share` });
        history.replaceState(null, "", `/r/${frame.recording}${location.hash}`);
      },
      no: (frame, act) => {
        this.free();
        if (act && (frame.code === "stale" || frame.code === "read_only")) this.acts.offerAgain([act]);
        if (act || frame.code === "read_only") this.acts.no(frame, act);
        else if (!playhead.timeline) this.states.refused = frame.why;
        else if (frame.code === "stale") this.look(this.lastKept());
        playhead.asked = null;
        this.going = false;
      },
      unstored: (frame, gone) => {
        const looked = this.tree.path(playhead.timeline?.future).some((act) => act.id === frame.id);
        this.tree.drop(frame.id);
        this.acts.offerAgain(gone);
        if (looked) {
          this.acts.refused("What you did last could not be stored, so it is undone.");
          this.watch.go(frame.future, frame.at);
        }
        this.free();
      },
      resumed: () => this.free(),
    };
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
    }
    if (this.wantStep) {
      this.wantStep = false;
      playhead.step();
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
    if (!mine) return;
    const line = this.playhead.timeline;
    if (line.covers(frame.at)) this.playhead.cut(frame);
    else this.watch.go(frame.future, frame.at);
    this.acts.done(frame.command, frame.at[0]);
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
    if (!on) this.remember();
    this.force = true;
  }

  seek(t) {
    const playhead = this.playhead;
    if (!playhead.timeline || playhead.held) return;
    if (playhead.seek(t)) this.sought = null;
    else {
      this.sought = t;
      playhead.t = t;
    }
    if (!playhead.playing) this.remember();
    this.force = true;
  }

  step() {
    if (!this.playhead.timeline || this.playhead.held) return;
    this.playhead.playing = false;
    this.wantStep = !this.playhead.step();
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
    this.remember();
    this.force = true;
  }

  /** Look at another future, at the same moment. */
  look(future) {
    this.watch.go(future, this.playhead.timeline ? [Math.floor(this.playhead.t), 0] : [0, 0]);
  }

  visit({ t, message, future }) {
    this.select(message, false);
    if (future && this.tree.acts.has(future) && future !== this.playhead.timeline?.future) this.watch.go(future, [t ?? 0, 0]);
    else if (t !== null && t !== Math.floor(this.playhead.t)) {
      this.play(false);
      this.seek(t);
    }
  }

  select(message, write_ = true) {
    this.selected = message;
    if (message) this.show(1);
    if (write_) this.remember();
    this.force = true;
  }

  remember() {
    if (!this.playhead.timeline) return;
    const place = { t: Math.floor(this.playhead.t), message: this.selected, future: this.playhead.timeline.future };
    history.replaceState(null, "", writePlace(place));
  }

  // --- each frame

  tick(now) {
    const playhead = this.playhead;
    const line = playhead.timeline;
    if (!line) {
      const { why, refused, connected } = this.states;
      text(this.waiting, why || refused || (connected ? "Loading the lab…" : "No connection to the server; trying again…"));
      return;
    }
    if (this.pressed) playhead.clock = null;
    const moved = this.seen && !this.pressed && playhead.tick(now);
    if (this.sought !== null && this.sought !== undefined && !this.going && now - (this.wentAt ?? 0) > GO_EVERY_MS) {
      this.going = this.watch.go(line.future, [Math.floor(this.sought), 0]);
      this.wentAt = now;
    }
    const wants = this.watch.joined ? playhead.wants(now) : null;
    if (wants && !this.watch.more(line.future, wants.after, wants.until)) playhead.asked = null;
    const width = this.width;
    const laid = this.picture.shapeUp(line.scene, width, this.roomPx());
    this.picture.still = this.still.matches;
    if (moved || laid || this.force || this.drawnIndex !== line.index) {
      this.picture.draw(line.scene, playhead.t, this.selected);
      this.acts.draw(line.scene);
      if (!moved || now - (this.toldAt ?? 0) > 150) {
        this.toldAt = now;
        this.verdicts.draw(line.scene);
      }
      this.drawnIndex = line.index;
    }
    this.deck.draw(playhead, this.tree, this.words());
    if (!this.log.root.hidden) this.log.draw(line, this.selected, now, this.force);
    this.note(line.scene);
    this.force = false;
  }

  /** The height that the figure may fill: what its style gives it at least. */
  roomPx() {
    this.least ??= parseFloat(getComputedStyle(this.figure).minHeight) - 40;
    return this.least;
  }

  note(scene) {
    const brokers = Array.from(scene.nodes).filter(([, node]) => node.what === "broker");
    text(this.banner, brokers.map(([name, node]) => `${name} · ${node.settings.kind === "rabbitmq" ? "RabbitMQ" : node.settings.kind} ${node.settings.version}${node.status === "down" ? " · down" : ""}`).join(", "));
    this.banner.classList.toggle("alarm", brokers.some(([, node]) => node.status === "down"));
  }

  words() {
    if (this.states.why) return this.states.why;
    if (!this.states.connected) {
      const waits = this.watch.unkept ? ` ${this.watch.unkept === 1 ? "One act waits" : `${this.watch.unkept} acts wait`} to be sent.` : "";
      return `The connection is away; trying again. What was loaded can be played.${waits}`;
    }
    if (this.playhead.held) return "Waiting for the answer to your act.";
    if (this.playhead.timeline.scene.storm) return this.playhead.timeline.scene.storm;
    if (this.playhead.waiting || this.sought) return "Loading…";
    return "";
  }
}

customElements.define("mq-stage", Stage);
