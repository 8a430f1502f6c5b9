// Pieces of the forms to act with: typed rows, numbers with their error, choices.

import { Wrong, choice, el, field, input } from "./dom.js";

export const SERVICE = [["constant_ms", "exactly"], ["exponential_ms", "on average"]];
export const RATE = [["constant", "evenly"], ["poisson", "at random"]];
export const ACK = [["after", "after the work"], ["before", "before the work"], ["auto", "automatic (no ack)"]];
export const THEN = [["", "it never fails"], ["nack_requeue", "nack, requeue"], ["reject_requeue", "reject, requeue"], ["reject", "reject for good"]];
const TYPES = [["text", "text"], ["int", "whole number"], ["double", "double"], ["truth", "yes or no"], ["void", "nothing"], ["json", "list or table"]];

/** Rows of name, type and value. `read` gives {fields, doubles}: an object or undefined, and the names of its doubles. */
export function rows(label) {
  const list = el("div", { class: "rows" });
  const add = () => {
    const name = input({ placeholder: "name", "aria-label": `${label}: name` });
    const type = choice(TYPES);
    type.setAttribute("aria-label", `${label}: type`);
    const value = input({ placeholder: "value", "aria-label": `${label}: value` });
    type.addEventListener("change", () => (value.disabled = type.value === "void"));
    const remove = el("button", { type: "button", textContent: "×", "aria-label": `Remove this ${label.toLowerCase()}`, onclick: () => {
      row.remove();
      list.dispatchEvent(new Event("input", { bubbles: true }));
      more.focus();
    } });
    const row = el("div", { class: "row field" }, name, type, value, remove);
    row.read = () => [name, type.value, value];
    list.append(row);
    return name;
  };
  const more = el("button", { type: "button", class: "quiet", textContent: `Add ${label.toLowerCase()}`, onclick: () => add().focus() });
  const read = () => {
    const fields = {};
    const doubles = [];
    for (const [name, type, value] of Array.from(list.children, (row) => row.read())) {
      if (name.value === "" && value.value === "") continue;
      if (name.value === "") throw new Wrong(name, `Give this ${label.toLowerCase()} a name.`);
      if (name.value in fields) throw new Wrong(name, `${name.value} is there twice.`);
      fields[name.value] = typed(type, value);
      if (type === "double") doubles.push(name.value);
    }
    return Object.keys(fields).length ? { fields, doubles } : {};
  };
  return { root: el("div", { class: "field" }, list, more), read };
}

function typed(type, control) {
  const { value } = control;
  switch (type) {
    case "text": return value;
    case "void": return null;
    case "truth":
      if (!/^(yes|no|true|false)$/i.test(value)) throw new Wrong(control, "Write yes or no.");
      return /^(yes|true)$/i.test(value);
    case "int":
      if (!/^[+-]?\d+$/.test(value.trim()) || !Number.isSafeInteger(Number(value))) throw new Wrong(control, "Write a whole number of at most 15 digits.");
      return Number(value);
    case "double": return decimal(control);
    default: return parsed(control);
  }
}

function parsed(control) {
  let value = null;
  try {
    value = JSON.parse(control.value);
  } catch {
    // said below
  }
  if (value === null || typeof value !== "object") throw new Wrong(control, 'Write it as JSON: [1, "two"] or {"name": true}.');
  return value;
}

export const number = (value, is = {}) => input({ inputMode: "decimal", value: value ?? "", ...is });

/** A whole number within bounds. */
export function whole(control, low, high) {
  const value = control.value.trim();
  if (!/^-?\d+$/.test(value) || Number(value) < low || Number(value) > high) throw new Wrong(control, `Write a whole number from ${low.toLocaleString("en")} to ${high.toLocaleString("en")}.`);
  return Number(value);
}

/** A number. */
export function decimal(control, low = -Infinity, high = Infinity) {
  const value = Number(control.value);
  if (control.value.trim() === "" || !Number.isFinite(value)) throw new Wrong(control, `“${control.value}” is no number.`);
  if (value < low || value > high) throw new Wrong(control, `Write a number from ${low.toLocaleString("en")} to ${high.toLocaleString("en")}.`);
  return value;
}

/** A box to tick, with its words. */
export function tick(words, checked = false) {
  const box = el("input", { type: "checkbox", checked });
  return [box, el("label", { class: "check" }, box, ` ${words}`)];
}

/** Which kind of time or rate, and how much: [parts, read]. `kinds`: [setting, words]. */
export function measured(label, kinds, now, fallback) {
  const kind = Object.keys(now ?? {}).find((one) => kinds.some(([known]) => known === one)) ?? kinds[0][0];
  const select = choice(kinds, kind);
  const one = number(now?.[kind] ?? fallback);
  const read = () => ({ [select.value]: decimal(one, 0) });
  return [[el("div", { class: "pair even" }, field(label, one), field("How", select))], read];
}

/** The settings that differ from what they are, or a Wrong at the first control. */
export function different(settings, now, control) {
  const changed = Object.fromEntries(Object.entries(settings).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(now[name])));
  if (!Object.keys(changed).length) throw new Wrong(control, "Nothing is different yet: change a value first.");
  return changed;
}
