// Values and calls as Python writes them.

/** A literal. JSON's strings are Python's too. */
export function py(value, double = false) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return double && Number.isInteger(value) ? value.toFixed(1) : String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one) => py(one)).join(", ")}]`;
  return table(value);
}

/** A dict; the named whole numbers are floats. */
export function table(fields, doubles = []) {
  return `{${Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${py(value, doubles.includes(name))}`).join(", ")}}`;
}

/** A call with named arguments, as lines: on one where it fits. */
export function call(name, named) {
  const one = `${name}(${named.map(([key, value]) => `${key}=${value}`).join(", ")})`;
  if (one.length <= 72 && !one.includes("\n")) return [one];
  return [`${name}(`, ...named.flatMap(([key, value]) => lines(`${key}=${value},`.split("\n"))), ")"];
}

/** Lines, one level further in. */
export function lines(given) {
  return given.map((line) => (line ? `    ${line}` : line));
}

/** A template with {key}, {n} and {name} as an f-string over `key` and `n`; plain text as it is. */
export function template(text, name) {
  if (!/\{(key|n|name)\}/.test(text)) return JSON.stringify(text);
  const parts = text.split(/(\{(?:key|n|name)\})/);
  const inner = parts.map((part) => {
    if (part === "{key}" || part === "{n}") return part;
    const plain = part === "{name}" ? name : part;
    return JSON.stringify(plain).slice(1, -1).replaceAll("{", "{{").replaceAll("}", "}}");
  });
  return `f"${inner.join("")}"`;
}
