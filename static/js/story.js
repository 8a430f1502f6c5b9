// What became of a message, or what a node did of late, in sentences: mqlab/engine/story.py once more. Pure: no DOM.

import { say } from "./sentence.js";
import { PHRASES, RULES } from "./sentences.js";
import { messageOf } from "./words.js";

const LINES_MAX = 300;
const HEAD_LINES = 20;
export const NODE_LINES_MAX = 40;
const ASIDE = new Set(["Confirmed", "Closed"]);
const ENDS_OF_CHANNELS = new Set(["Crashed", "Stopped", "ChannelClosed", "ConnectionClosed"]);
const SETTLES = new Set(["Settled", "Requeued", "Lost", "NodeRemoved"]);
const TOUCHES = ["program", "queue", "exchange", "node", "at", "source", "target"];

/** The templates for labs with this kind of broker. */
export function phrases(broker = "rabbitmq") {
  return PHRASES[broker];
}

/** The templates for the kind of broker that a lab has; of several, for the first one's. */
export function bookOf(scene) {
  const broker = Array.from(scene.nodes.values()).find((node) => node.what === "broker"); // pure: no DOM
  return phrases(broker?.settings.kind);
}

/** What of a recording is about one message: `actions` holds its events, grouped as they happened together. */
export class Gathered {
  constructor(message) {
    this.message = message;
    this.start = `${message}@`;
    this.actions = [];
    this.holders = new Map(); // copy -> who was given it
    this.open = false;
  }

  /** Add events [from, to); in order, and each once. */
  take(events, from = 0, to = events.length) {
    for (let n = from; n < to; n++) {
      const event = events[n];
      if (this.about(event)) {
        if (!this.open) this.actions.push([]);
        this.open = true;
        this.actions[this.actions.length - 1].push(event);
        this.follow(event);
      }
      if (event.last === true) this.open = false;
    }
    return this;
  }

  about(event) {
    const of = event.of;
    if (of !== undefined) for (let n = 0; n < of.length; n++) if (of[n] === this.message || of[n].startsWith(this.start)) return true;
    if (this.holders.size === 0 || !ENDS_OF_CHANNELS.has(event.kind)) return false;
    const who = event.node ?? event.program;
    for (const holder of this.holders.values()) if (holder === who) return true;
    return false;
  }

  follow(event) {
    if (event.kind === "Delivered") this.holders.set(event.of[0], event.program);
    else if (SETTLES.has(event.kind)) for (const copy of event.of ?? []) this.holders.delete(copy);
  }
}

/** The message's life so far, oldest first: lines {t, name, kind, sentence, rule, of}. */
export function story(gathered, scene) {
  const book = bookOf(scene);
  const lines = gathered.actions.flatMap((action) => tell(action, book, scene, gathered.message)).filter((line) => line.sentence.length);
  if (lines.length <= LINES_MAX) return lines;
  const after = lines.slice(lines.length - LINES_MAX + HEAD_LINES + 1);
  const left = lines.length - HEAD_LINES - after.length;
  const gap = { t: lines[HEAD_LINES].t, name: "", kind: "Gap", sentence: [["text", `${left} more things happened to it in between.`, ""]], rule: "", of: [] };
  return [...lines.slice(0, HEAD_LINES), gap, ...after];
}

/** What the node did last within events [0, to), newest last. */
export function nodeStory(events, node, scene, to = events.length) {
  const book = bookOf(scene);
  const lines = [];
  for (let n = to - 1; n >= 0 && lines.length < NODE_LINES_MAX; n--) {
    if (touches(events[n], node)) lines.push(lineOf(events[n], book, scene, ""));
  }
  return lines.reverse();
}

/** One event as a line. `template`: "Kind+Kind" where it is told together with the one before. */
export function lineOf(event, book, scene, me, template = "") {
  const words = template ? book.together[template] : book.events[event.kind];
  return { t: event.t, name: event.name, kind: event.kind, sentence: say(words, event, scene.nodes, me), rule: event.rule, of: event.of ?? [] };
}

/** The index of the last line in which a rule decided about the message itself; -1: none. */
export function deciding(lines) {
  return lines.findLastIndex((line) => line.rule !== "" && !ASIDE.has(line.kind));
}

/** A rule in words. */
export function ruleSentence(rule) {
  return RULES[rule] ?? rule;
}

/** Whether a message's own story says nothing of this event. */
export function unsaid(event, book) {
  return book.unsaid.some((one) => Object.entries(one).every(([name, value]) => event[name] === value));
}

function tell(action, book, scene, me) {
  const told = [...action];
  const how = told.map(() => "");
  const place = told.map((_, n) => n);
  const silent = action.map((event) => unsaid(event, book));
  for (let n = 0; n < action.length; n++) {
    for (let m = n + 1; m < action.length; m++) {
      const second = action[m];
      const pair = `${action[n].kind}+${second.kind}`;
      if (!book.together[pair] || how[m] || !share(action[n], second)) continue;
      told[m] = { ...told[n], ...second, rule: second.rule || told[n].rule };
      how[m] = pair;
      place[m] = place[n];
      silent[n] = true;
      break;
    }
  }
  const order = told.map((_, n) => n).sort((a, b) => place[a] - place[b]);
  return order.filter((n) => !silent[n]).map((n) => lineOf(told[n], book, scene, me, how[n]));
}

function share(first, second) {
  if (first.of === undefined) return true;
  const copies = second.of ?? [];
  return first.of.some((copy) => copies.includes(copy) || copies.includes(messageOf(copy)));
}

/** Whether an event is about a node. */
export function touches(event, node) {
  for (const field of TOUCHES) if (event[field] === node) return true;
  return event.to?.includes(node) || event.between?.includes(node) || false;
}
