// Numbers and settings in words.

/** Virtual µs as seconds with two decimals. */
export function seconds(us) {
  return (us / 1_000_000).toFixed(2);
}

export function rateWords(rate) {
  if (!rate) return "";
  if (typeof rate === "number") return `${rate} / s`;
  if (rate.constant !== undefined) return `${rate.constant} / s`;
  if (rate.poisson !== undefined) return `~${rate.poisson} / s`;
  if (rate.burst) return `bursts of ${rate.burst.count}`;
  return rate.script ? "by a script" : "";
}

const ms = (value) => (value >= 1000 ? `${value / 1000} s` : `${value} ms`);

export function serviceWords(service) {
  if (!service) return "";
  if (service.constant_ms !== undefined) return `takes ${ms(service.constant_ms)}`;
  if (service.exponential_ms !== undefined) return `takes about ${ms(service.exponential_ms)}`;
  if (service.uniform_ms) return `takes ${ms(service.uniform_ms[0])} to ${ms(service.uniform_ms[1])}`;
  return "";
}

/** A command in a few words, as the flag on the timeline says it. */
export function commandWords(command) {
  const { do: verb } = command;
  if (verb === "publish") return `publish ${command.routing_key || command.key || "a message"}`;
  if (verb === "bind") return `bind ${command.destination}`;
  if (verb === "unbind") return `unbind ${command.destination}`;
  if (verb === "purge") return `purge ${command.queue}`;
  if (verb === "change") return `${command.node}: ${Object.keys(command.settings).join(", ")}`;
  return `${verb} ${command.node}`;
}

/** The message of a copy's name: web-41@billing.2 -> web-41. */
export function messageOf(name) {
  const at = name.indexOf("@");
  return at < 0 ? name : name.slice(0, at);
}

// The place to look at, in the address: #t=14.72&m=web-41&f=<future>.

/** {t µs or null, selection, future or null, parameters}. What cannot be read is left out. */
export function readPlace(hash) {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const s = Number(found.get("t"));
  const future = found.get("f") ?? "";
  return {
    t: found.get("t") !== null && Number.isFinite(s) && s >= 0 && s <= 600 ? Math.round(s * 1e6) : null,
    selection: chosen(found),
    future: /^[A-Za-z0-9_-]{1,32}$/.test(future) ? future : null,
    parameters: found,
  };
}

function chosen(found) {
  if (found.get("m")) return { message: found.get("m").slice(0, 255) };
  if (found.get("n")) return { node: found.get("n").slice(0, 255) };
  return {};
}

export function writePlace({ t, selection, future, parameters = new URLSearchParams() }) {
  const made = new URLSearchParams();
  made.set("t", String(t / 1e6));
  if (selection.message) made.set("m", selection.message);
  if (selection.node) made.set("n", selection.node);
  if (future !== "0") made.set("f", future);
  for (const [name, value] of parameters) made.set(name, value);
  return `#${made}`;
}
