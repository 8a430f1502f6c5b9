// Making and changing SVG elements; text only ever as text.

const NS = "http://www.w3.org/2000/svg";

/** A new element under `parent` with attributes and, if given, text. */
export function make(parent, name, attributes = {}, text) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

/** Change an attribute only where it differs: asking is cheaper than changing. */
export function set(element, name, value) {
  const text = String(value);
  const seen = (element.mqSeen ??= {});
  if (seen[name] === text) return;
  seen[name] = text;
  element.setAttribute(name, text);
}

export function say(element, text) {
  if (element.mqText === text) return;
  element.mqText = text;
  element.textContent = text;
}

export function move(element, x, y) {
  set(element, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
}
