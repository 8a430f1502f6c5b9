// The events before the playhead as readable text, newest first: the accessible twin of the figure.

import { el } from "./dom.js";
import { messageOf, seconds } from "./words.js";

const SHOWN = 120;
const EVERY_MS = 200;

export class Log {
  /** `onGo(t)` and `onSelect(message)` when a row's buttons are pressed. */
  constructor(keys, { onGo, onSelect }) {
    this.keys = keys;
    this.onGo = onGo;
    this.onSelect = onSelect;
    this.list = el("ol", { class: "log", "aria-label": "Events, newest first" });
    this.only = el("p", { class: "only", hidden: true });
    this.root = el("div", { class: "log-panel" }, this.only, this.list);
    this.rows = new Map();
    this.known = new Map();
    this.last = -EVERY_MS;
    this.state = "";
  }

  /** Show what lies before the playhead; at most five times a second. */
  draw(timeline, selected, now, force = false) {
    if (!force && now - this.last < EVERY_MS) return;
    const state = `${timeline.index}|${timeline.events.length}|${timeline.future}|${selected}`;
    if (state === this.state) return;
    this.state = state;
    this.last = now;
    this.filter(selected);
    const wanted = [];
    for (let n = Math.max(0, timeline.index - 4 * SHOWN); n < timeline.index; n++) {
      const { of, key } = timeline.events[n];
      if (key && of?.length) this.known.set(messageOf(of[0]), key);
    }
    for (let n = timeline.index - 1; n >= 0 && wanted.length < SHOWN; n--) {
      const event = timeline.events[n];
      if (!selected || this.about(event, selected)) wanted.push(event);
    }
    const keep = new Set(wanted);
    for (const [event, row] of this.rows) {
      if (!keep.has(event)) {
        if (row.contains(document.activeElement)) continue; // focus is never thrown away
        row.remove();
        this.rows.delete(event);
      }
    }
    let before = this.list.firstChild;
    for (const event of wanted) {
      let row = this.rows.get(event);
      if (!row) this.rows.set(event, (row = this.row(event)));
      if (row === before) before = before.nextSibling;
      else this.list.insertBefore(row, before);
    }
  }

  about(event, selected) {
    return (event.of ?? []).some((name) => messageOf(name) === selected);
  }

  filter(selected) {
    if (this.only.dataset.message === selected) return;
    this.only.dataset.message = selected;
    this.only.hidden = !selected;
    this.only.replaceChildren();
    if (selected) {
      this.only.append(el("strong", { textContent: selected }), " only ", el("button", { type: "button", textContent: "Show all", onclick: () => this.onSelect("") }));
    }
  }

  /** The key of a message, remembered from the events that carry it. */
  keyOf(message, event) {
    if (event.key) this.known.set(message, event.key);
    return this.known.get(message) ?? "";
  }

  row(event) {
    const time = el("button", { type: "button", class: "when", textContent: seconds(event.t), title: "Go to this moment", onclick: () => this.onGo(event.t) });
    const said = el("span", { class: "said" });
    const message = event.of?.length ? messageOf(event.of[0]) : "";
    const key = this.keyOf(message, event);
    if (key) {
      said.append(el("button", {
        type: "button", class: `key-chip k-${this.keys.colour(key)}`, textContent: this.keys.letter(key),
        title: `Follow ${message}`, "aria-label": `Follow ${message}`, onclick: () => this.onSelect(message),
      }), " ");
    }
    said.append(sentence(event));
    if (event.rule) said.append(el("a", { class: "rule-link", href: `/rules/#${encodeURIComponent(event.rule)}`, textContent: event.rule }));
    return el("li", { class: `event ${event.kind}` }, time, said);
  }
}

// An event as a sentence: the picture's text twin.

const list = (of) => {
  const names = of.map(messageOf);
  return names.length > 4 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
};
const plural = (of) => (of.length > 1 ? "are" : "is");
const place = (name) => (name === "amq.default" || name === "" ? "the default exchange" : name);

const SAY = {
  Published: (e) => `${e.program} published ${list(e.of)} to ${place(e.exchange)} with routing key “${e.routing_key}”${e.again ? ", again" : ""}${e.mandatory ? ", mandatory" : ""}.`,
  Routed: (e) => `${place(e.exchange)} put ${messageOf(e.of[0])} into ${e.to.map((to, n) => (e.by?.[n] ? `${to} (${e.by[n]})` : to)).join(", ")}.`,
  Unroutable: (e) => `No queue took ${list(e.of)} from ${place(e.exchange)}${e.reason === "cycle" ? ": it has been here before" : ""}. ${e.returned ? "It goes back to its publisher." : "It is gone."}`,
  Refused: (e) => `The broker refused ${list(e.of)}: ${e.reason}.`,
  Enqueued: (e) => `${messageOf(e.of[0])} is ready in ${e.queue}.`,
  Dropped: (e) => `${e.queue} dropped ${list(e.of)} (${e.reason}).`,
  Expired: (e) => `${list(e.of)} expired at the head of ${e.queue}.`,
  DeadLettered: (e) => `${e.queue} dead-letters ${list(e.of)} (${e.reason.replace("_", " ")}) to ${place(e.exchange)}.`,
  Purged: (e) => `${e.queue} was purged of ${e.of.length} ready.`,
  Delivered: (e) => `${e.queue} gave ${messageOf(e.of[0])} to ${e.program}${e.redelivered ? ", marked redelivered" : ""}${e.auto_ack ? ", and counts it as acked" : ""}.`,
  Received: (e) => `${messageOf(e.of[0])} reached ${e.program}.`,
  Started: (e) => `${e.program} began to handle ${messageOf(e.of[0])}${(e.attempt ?? 1) > 1 ? `, attempt ${e.attempt}` : ""}.`,
  Handled: (e) => `${e.program} finished with ${list(e.of)}: ${e.outcome}.`,
  Acked: (e) => `${e.program} sent the ack of ${list(e.of)}.`,
  Rejected: (e) => `${e.program} sent a ${e.how ?? "nack"} of ${list(e.of)}${e.requeue === false ? "" : ", to be requeued"}.`,
  Settled: (e) => `The broker took it: ${list(e.of)} ${plural(e.of)} ${e.outcome.replace("_", "-")}.`,
  Requeued: (e) => `${list(e.of)} went back into ${e.queue} (${e.why === "closed" ? `${e.program} is gone` : e.why}).`,
  Confirmed: (e) => `The broker ${e.ok === false ? "nacked" : "confirmed"} ${list(e.of)} to ${e.program}.`,
  ConfirmReceived: (e) => `${e.program} knows that ${list(e.of)} ${plural(e.of)} ${e.ok === false ? "nacked" : "confirmed"}.`,
  Returned: (e) => `The broker sent ${list(e.of)} back to ${e.program}: ${e.text}.`,
  ReturnReceived: (e) => `${e.program} got ${list(e.of)} back.`,
  Lost: (e) => (e.what === "message" ? `${list(e.of)} ${plural(e.of)} lost for good at ${e.node}.` : `A ${e.what}${e.of.length ? ` of ${list(e.of)}` : ""} was lost on its way.`),
  Crashed: (e) => `${e.node} crashed.`,
  Restarted: (e) => `${e.node} is up again.`,
  Stopped: (e) => `${e.node} shuts down.`,
  Connected: (e) => `${e.program} connected.`,
  ChannelClosed: (e) => `The broker closed the channel of ${e.program}: ${e.code} ${e.text}`,
  ConnectionClosed: (e) => `The broker closed the connection of ${e.program}: ${e.code} ${e.text}`,
  ConsumerCancelled: (e) => `${e.program} was told that ${e.queue} is gone.`,
  Closed: (e) => (e.at === e.program ? `${e.program} learned that its ${e.what} is closed.` : `The broker learned that the ${e.what} of ${e.program} is closed.`),
  Answered: (e) => `${e.program}: ${e.request} was answered ${e.reply}.`,
  NodeAdded: (e) => `${e.what} ${place(e.node)} came to be.`,
  NodeChanged: (e) => `${e.node} ${changed(e.settings)}.`,
  NodeRemoved: (e) => `${place(e.node)} is gone${e.of?.length ? `, and ${e.of.length} messages with it` : ""}.`,
  LinkAdded: (e) => (e.what === "binding" ? `${place(e.source)} is bound to ${e.target} with “${e.routing_key ?? ""}”.` : `${place(e.source)} is connected to ${place(e.target)} (${e.what.replace("_", " ")}).`),
  LinkRemoved: (e) => `The line ${e.link} is gone.`,
  GoalMet: (e) => `Goal ${e.goal + 1} ${e.broken ? "cannot be met any more" : "is met"}.`,
  ActOffered: () => "This is the moment for the first act.",
  PredictionDue: (e) => `Question ${e.prediction + 1} is asked: what happens next?`,
  PredictionSettled: (e) => `Question ${e.prediction + 1} is answered by what happened.`,
  VerdictChanged: (e) => `Verdict: ${e.verdict.replaceAll("_", " ")} ${e.value}${e.of?.length ? ` (${list(e.of)})` : ""}.`,
  Storm: (e) => e.why,
};

function changed({ hung, slow, ...settings }) {
  const rest = Object.entries(settings).map(([name, value]) => `${name.replaceAll("_", " ")} ${JSON.stringify(value)}`);
  return [
    ...(hung === undefined ? [] : [hung ? "hangs" : "goes on"]),
    ...(slow === undefined ? [] : [slow === null ? "is as fast as before" : `is slow × ${slow}`]),
    ...(rest.length || (hung === undefined && slow === undefined) ? [`changed: ${rest.join(", ") || "nothing"}`] : []),
  ].join(", ");
}

export const KINDS = Object.keys(SAY);

/** One sentence. */
export function sentence(event) {
  return SAY[event.kind](event);
}
