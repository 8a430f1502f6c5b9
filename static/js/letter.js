// What an operator sees of a message: as it was published, where its copies are, and its deaths. Pure: no DOM.
// The facts are pairs as in facts.js.

import { histories } from "./deaths.js";
import { plain, secondsOf } from "./sentence.js";

const LETTERS_MAX = 4;
const DEATHS_MAX = 12;
const PLACES = { arriving: "on its way there", ready: "ready", unacked: "unacked" };

/** The header as a table, the newest death first as in the header. */
function deathTable(deaths) {
  const rows = deaths.slice(0, DEATHS_MAX).map(({ queue, reason, count, exchange, keys, time }) => [
    [{ node: queue }], [{ code: reason }], [String(count)], [exchange === "" ? { node: "amq.default" } : { node: exchange }],
    keys.flatMap((key, n) => [n ? ", " : "", key === "" ? "empty" : { code: key }]).filter((item) => item !== ""), [`${time} s`],
  ]);
  return { table: { head: ["queue", "reason", "count", "exchange", "routing-keys", "time"], rows } };
}

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
  const settings = (queue) => scene.nodes.get(queue)?.settings;
  const turns = (queue) => scene.nodes.get(settings(queue)?.broker)?.settings.version === "3.10";
  const told = histories(events, settings, turns).slice(-LETTERS_MAX);
  told.forEach((deaths, n) => facts.push([told.length > 1 ? `x-death, letter ${n + 1}` : "x-death", [deathTable(deaths)]]));
  return facts;
}

function spread(entries) {
  return entries.flatMap(([name, value], n) => [n ? ", " : "", { code: `${name}: ${plain(value)}` }]).filter((item) => item !== "");
}
