// What an operator sees of a queue of SQS and of a consumer that asks it, in words (see facts.js). Pure.

import { serviceWords } from "./words.js";
import { plain, secondsOf } from "./sentence.js";

const MEMORY_SHOWN = 6;

export function sqsQueue(name, node, scene, facts, chips) {
  const { settings, ready, unacked, memory } = node;
  const flying = Array.from(unacked).filter(([, holder]) => holder).map(([copy]) => copy);
  const delayed = Array.from(unacked).filter(([, holder]) => !holder).map(([copy]) => copy);
  facts.push(["Holds", [`${ready.size} visible, ${flying.length} in flight, ${delayed.length} delayed`]]);
  facts.push(["Hides", [`what was received, for ${settings.visibility_timeout_s} s`]]);
  if (settings.dead_letter_queue) facts.push(["Dead letters", [`after ${settings.max_receive_count} receives, to `, { node: settings.dead_letter_queue }]]);
  const attributes = Object.entries(settings.attributes ?? {});
  if (attributes.length) facts.push(["Attributes", attributes.flatMap(([one, value], n) => [n ? ", " : "", { code: `${one}: ${plain(value)}` }]).filter((item) => item !== "")]);
  const groups = new Set(flying.map((copy) => scene.copies.get(copy)?.group).filter(Boolean));
  if (settings.type === "fifo") facts.push(["Locked groups", [groups.size ? Array.from(groups).join(", ") : "none"]]);
  const readers = Array.from(scene.links.values()).filter((link) => link.what === "consume" && link.source === name).map((link) => link.target);
  facts.push(["Asked by", readers.length ? readers.flatMap((one, n) => [n ? ", " : "", { node: one }]).filter((item) => item !== "") : ["nobody"]]);
  const waiting = Array.from(scene.flights.values()).filter((one) => one.what === "request" && one.target === name && one.arrives <= scene.t).length;
  if (waiting) facts.push(["Long polls", [`${waiting} ${waiting === 1 ? "waits" : "wait"} for a message`]]);
  if (ready.size) facts.push(["Visible, oldest first", chips(ready.list(), ready.size)]);
  if (flying.length) facts.push(["In flight", flying.slice(0, 20).flatMap((copy, n) => [n ? ", " : "", { message: copy }, ` until ${secondsOf(scene.copies.get(copy)?.until ?? 0)}`]).filter((item) => item !== "")]);
  if (delayed.length) facts.push(["Delayed", chips(delayed, delayed.length)]);
  if (memory.size) {
    const known = Array.from(memory).slice(-MEMORY_SHOWN);
    facts.push(["Knows", [`${memory.size} deduplication ${memory.size === 1 ? "id" : "ids"}, the latest `, ...known.flatMap(([id, until], n) => [n ? ", " : "", { code: id.slice(0, 24) }, ` until ${secondsOf(until)}`]).filter((item) => item !== "")]]);
  }
}

export function sqsConsumer(settings, slots, facts) {
  const { MaxNumberOfMessages = 1, WaitTimeSeconds, VisibilityTimeout } = settings.receive;
  facts.push(["Asks for", [`up to ${MaxNumberOfMessages}, ${WaitTimeSeconds ? `waiting for up to ${WaitTimeSeconds} s` : WaitTimeSeconds === 0 ? "by short polls" : "as long as the queue says"}${VisibilityTimeout ? `, hidden for ${VisibilityTimeout} s` : ""}`]]);
  facts.push(["Has in flight", [String(slots)]]);
  facts.push(["Deletes", [{ after: "each after its work", batch: "all of a receive together", before: "each before its work", never: "nothing" }[settings.delete] ?? "each after its work"]]);
  if (settings.heartbeat) facts.push(["Heartbeat", [`every ${settings.heartbeat.every_ms} ms, for ${settings.heartbeat.VisibilityTimeout} s more`]]);
  if (settings.service) facts.push(["Work", [`${serviceWords(settings.service)}${settings.slow > 1 ? `, now × ${settings.slow}` : ""}`]]);
  if (settings.fail) facts.push(["Fails", [plain(settings.fail)]]);
}
