// The place to look at, in the address: #t=14.72&m=web-41&f=<future>.

/** {t µs or null, message, future or null}. What cannot be read is left out. */
export function read(hash) {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  const s = Number(found.get("t"));
  const future = found.get("f") ?? "";
  return {
    t: found.get("t") !== null && Number.isFinite(s) && s >= 0 && s <= 600 ? Math.round(s * 1e6) : null,
    message: (found.get("m") ?? "").slice(0, 255),
    future: /^[A-Za-z0-9_-]{1,32}$/.test(future) ? future : null,
  };
}

export function write({ t, message, future }) {
  const made = new URLSearchParams();
  made.set("t", String(t / 1e6));
  if (message) made.set("m", message);
  if (future !== "0") made.set("f", future);
  return `#${made}`;
}
