// An event as a sentence: the picture's text twin.

import { messageOf } from "./words.js";

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
  Connected: (e) => `${e.program} connected.`,
  ChannelClosed: (e) => `The broker closed the channel of ${e.program}: ${e.code} ${e.text}`,
  ConnectionClosed: (e) => `The broker closed the connection of ${e.program}: ${e.code} ${e.text}`,
  ConsumerCancelled: (e) => `${e.program} was told that ${e.queue} is gone.`,
  Closed: (e) => (e.at === e.program ? `${e.program} learned that its ${e.what} is closed.` : `The broker learned that the ${e.what} of ${e.program} is closed.`),
  Answered: (e) => `${e.program}: ${e.request} was answered ${e.reply}.`,
  NodeAdded: (e) => `${e.what} ${place(e.node)} came to be.`,
  NodeChanged: (e) => `${e.node} changed: ${Object.entries(e.settings).map(([name, value]) => `${name.replace("_", " ")} ${JSON.stringify(value)}`).join(", ")}.`,
  NodeRemoved: (e) => `${place(e.node)} is gone${e.of?.length ? `, and ${e.of.length} messages with it` : ""}.`,
  LinkAdded: (e) => (e.what === "binding" ? `${place(e.source)} is bound to ${e.target} with “${e.routing_key ?? ""}”.` : `${place(e.source)} is connected to ${place(e.target)} (${e.what.replace("_", " ")}).`),
  LinkRemoved: (e) => `The line ${e.link} is gone.`,
  GoalMet: (e) => `Goal ${e.goal + 1} ${e.broken ? "cannot be met any more" : "is met"}.`,
  VerdictChanged: (e) => `Verdict: ${e.verdict.replaceAll("_", " ")} ${e.value}${e.of?.length ? ` (${list(e.of)})` : ""}.`,
  Storm: (e) => e.why,
};

export const KINDS = Object.keys(SAY);

/** One sentence. */
export function sentence(event) {
  return SAY[event.kind](event);
}
