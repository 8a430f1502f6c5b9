// What x-death says of a message's dead letters, told from its events as the broker writes it down: mqlab's
// brokers/rabbitmq/dead_letter.py once more. Pure: no DOM.

/** The histories of the message's dead letters, oldest letter first, but of each only the last: [[death, …], …], the newest
    death first: {queue, reason, count, exchange, keys, time}. `settings` says those of a queue, `turns` whether its broker turns the
    older entries round with each death (3.10). */
export function histories(events, settings = () => undefined, turns = () => false) {
  const contents = new Map(); // a copy, or a letter on its way under the copy it came from -> {exchange, keys, deaths}
  const last = new Map(); // a copy that died -> its letter's history, until that dies too
  let first = { exchange: "", keys: [], deaths: [] };
  for (const event of events) {
    if (event.kind === "Published") first = { exchange: event.exchange, keys: [event.routing_key ?? "", ...carbon(event)], deaths: [] };
    else if (event.kind === "Routed") for (const copy of event.of) contents.set(copy, event.origin ? { ...(last.get(event.origin) ?? first), from: event.origin } : first);
    else if (event.kind === "DeadLettered") {
      const [copy] = event.of;
      const old = contents.get(copy) ?? first;
      if (old.from) last.delete(old.from);
      last.set(copy, letter(old, event, settings(event.queue), turns(event.queue)));
    }
  }
  return Array.from(last.values(), ({ deaths }) => deaths);
}

function letter(old, event, settings, turned) {
  const { queue, reason, count = 1 } = event;
  const again = old.deaths.find((death) => death.queue === queue && death.reason === reason);
  const death = again ? { ...again, count } : { queue, reason, count, exchange: old.exchange, keys: old.keys, time: Math.floor(event.t / 1_000_000) };
  const own = settings?.arguments?.["x-dead-letter-routing-key"] !== undefined || event.routing_key !== old.keys[0];
  const keys = own ? [event.routing_key] : old.keys; // a key of the queue's own is in place of all it had
  const others = old.deaths.filter((one) => one !== again);
  return { exchange: event.exchange, keys, deaths: [death, ...(turned ? others.reverse() : others)] };
}

function carbon({ headers }) {
  return Array.isArray(headers?.CC) ? headers.CC.filter((key) => typeof key === "string") : [];
}
