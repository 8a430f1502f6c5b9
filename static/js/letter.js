// What an operator sees of a message: as it was published, where its copies are, and its deaths. Pure: no DOM.
// The facts are pairs as in facts.js.

import { plain, secondsOf } from "./sentence.js";

const PLACES = { arriving: "on its way there", ready: "ready", unacked: "unacked" };

/** The facts of a message: [[term, [item, …]], …]. */
export function lettersOf(gathered, scene) {
  const message = gathered.message;
  const facts = [];
  const events = gathered.actions.flat();
  const published = events.find((event) => event.kind === "Published");
  if (published) {
    if (published.key) facts.push(["Key", [{ code: published.key }]]);
    facts.push(["Published", [`at ${secondsOf(published.t)} by `, { node: published.program }, " to ", { node: published.exchange }]]);
    facts.push(["Routing key", [published.routing_key ? { code: published.routing_key } : "empty"]]);
    const properties = Object.entries(published.properties ?? {});
    if (properties.length) facts.push(["Properties", spread(properties)]);
    const headers = Object.entries(published.headers ?? {});
    if (headers.length) facts.push(["Headers", spread(headers)]);
    facts.push(["Body", [`${published.size ?? 0} bytes`, ...(published.body ? [": ", { code: published.body }] : [])]]);
  }
  const copies = Array.from(scene.copies).filter(([copy]) => copy.startsWith(`${message}@`));
  if (copies.length) facts.push(["Copies now", copies.slice(0, 12).flatMap(([, state], n) => [n ? ", " : "", { node: state.queue }, ` ${PLACES[state.state]}${state.returns ? `, came back ${state.returns} ×` : ""}`]).filter((item) => item !== "")]);
  const deaths = events.filter((event) => event.kind === "DeadLettered");
  if (deaths.length) facts.push(["Deaths", deaths.slice(-12).flatMap((event, n) => [n ? ", " : "", { node: event.queue }, ` ${event.reason.replace("_", " ")} × ${event.count ?? 1}`]).filter((item) => item !== "")]);
  return facts;
}

function spread(entries) {
  return entries.flatMap(([name, value], n) => [n ? ", " : "", { code: `${name}: ${plain(value)}` }]).filter((item) => item !== "");
}
