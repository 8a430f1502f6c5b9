// Saying a sentence from its template: mqlab/engine/sentences/__init__.py once more, where the language is described.
// Pure: no DOM. A sentence is a list of parts [kind, text, ref]; kind: text, strong, code, time, node or message.

import { messageOf, seconds } from "./words.js";

const CUT_CHARS = 300;
const NAMED_MAX = 4;
const MARK = /\*\*(.+?)\*\*|\{([a-z_.]+)(?::([a-z]+))?\}/g;

/** The sentence. `nodes`: the scene's, for settings of those that the fields name; `me`: whose own story it is. */
export function say(template, fields, nodes = null, me = "") {
  const parts = [];
  for (const piece of template) {
    const text = typeof piece === "string" ? piece : chosen(piece, fields, nodes);
    let at = 0;
    for (const mark of text.matchAll(MARK)) {
      add(parts, ["text", text.slice(at, mark.index), ""]);
      const [whole, strong, field, form] = mark;
      if (strong !== undefined) add(parts, ["strong", strong, ""]);
      else for (const part of FORMS[form ?? "plain"](valueOf(field, fields, nodes), fields, me)) add(parts, part);
      at = mark.index + whole.length;
    }
    add(parts, ["text", text.slice(at), ""]);
  }
  if (parts.length) {
    const [kind, first, ref] = parts[0];
    if (kind === "text" || (kind === "node" && first !== ref) || ref === "you") parts[0] = [kind, first.slice(0, 1).toUpperCase() + first.slice(1), ref];
  }
  return parts;
}

/** A sentence as plain text. */
export function textOf(sentence) {
  return sentence.map((part) => part[1]).join("");
}

function add(parts, part) {
  if (part[1] === "") return;
  const last = parts[parts.length - 1];
  if (part[0] === "text" && last?.[0] === "text") last[1] += part[1];
  else parts.push([...part]);
}

function chosen(choice, fields, nodes) {
  const value = valueOf(choice.by, fields, nodes);
  return choice[value === undefined || value === null ? "none" : plain(value)] ?? choice.else ?? "";
}

function valueOf(field, fields, nodes) {
  const dot = field.indexOf(".");
  if (dot < 0) return fields[field];
  const node = nodes?.get(fields[field.slice(0, dot)]);
  if (node === undefined || node === null) return undefined;
  const setting = field.slice(dot + 1);
  return setting === "what" ? node.what : node.settings[setting];
}

/** Any value in words, the same in every language. */
export function plain(value) {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toFixed(6).replace(/\.?0+$/, "");
  if (Array.isArray(value)) return cut(value.map(plain).join(", "));
  if (typeof value === "object") return cut(Object.keys(value).sort().map((name) => `${name.replaceAll("_", " ")} ${plain(value[name])}`).join(", "));
  return cut(String(value));
}

/** Virtual µs in seconds, to the nearest hundredth. */
export function secondsOf(us) {
  return `${seconds(us)} s`;
}

function cut(text) {
  if (text.length <= CUT_CHARS) return text;
  const letters = Array.from(text);
  return letters.length <= CUT_CHARS ? text : `${letters.slice(0, CUT_CHARS).join("")}…`;
}

function node(name) {
  return name === "" || name === "amq.default" ? ["node", "the default exchange", "amq.default"] : ["node", name, name];
}

function exchange(name) {
  const part = node(name);
  return part[1] === part[2] ? [["text", "exchange ", ""], part] : [part];
}

const name = (value) => (value === undefined || value === null ? "" : plain(value));
const word = (one, several) => (value) => [["text", new Set((value ?? []).map(messageOf)).size === 1 ? one : several, ""]];

function listed(items) {
  return items.flatMap((item, n) => (n ? [["text", n === items.length - 1 ? " and " : ", ", ""], ...item] : item));
}

function messages(value, fields, me) {
  const names = Array.from(new Set((value ?? []).map(messageOf)));
  if (me !== "" && names.includes(me)) {
    const others = names.length - 1;
    return [["text", others ? `it and ${others} ${others === 1 ? "other" : "others"}` : "it", ""]];
  }
  const shown = names.length <= NAMED_MAX ? names : names.slice(0, NAMED_MAX - 1);
  const items = shown.map((one) => [["message", one, one]]);
  if (names.length > shown.length) items.push([["text", `${names.length - shown.length} more`, ""]]);
  return listed(items);
}

function routes(value, fields, me, keys = fields.by ?? []) {
  return listed(value.map((queue, n) => {
    const item = [["text", n ? "one to " : "one copy to ", ""], node(queue)];
    return keys[n] ? [...item, ["text", " (", ""], ["code", plain(keys[n]), ""], ["text", ")", ""]] : item;
  }));
}

function mine(value, fields, me) {
  const at = Math.max(0, (fields.of ?? []).map(messageOf).indexOf(me));
  return value?.[at];
}

function place(value, fields, me) {
  if (me === "" && value.length > 1) return [];
  const at = mine(value, fields, me);
  return at === 0 ? [["text", " at its ", ""], ["strong", "head", ""]] : [["text", ` at place ${at + 1}`, ""]];
}

const FORMS = {
  plain: (value) => [["text", plain(value), ""]],
  node: (value) => [node(name(value))],
  exchange: (value) => exchange(name(value)),
  code: (value) => [["code", plain(value), ""]],
  s: (value) => [["time", secondsOf(value), String(value)]],
  messages,
  copies: (value, fields, me) => routes(value, fields, me, []),
  routes,
  nodes: (value) => listed(value.map((one) => [node(one)])),
  first: (value) => [node(value[0])],
  last: (value) => [node(value[1])],
  count: (value) => [["text", String((value ?? []).length), ""]],
  were: word("was", "were"),
  are: word("is", "are"),
  have: word("has", "have"),
  them: word("it", "them"),
  they: word("it", "they"),
  place,
  mine: (value, fields, me) => [["text", plain(mine(value, fields, me)), ""]],
  next: (value) => [["text", String((value ?? 0) + 1), ""]],
};
