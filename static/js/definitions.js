// The lab's topology as RabbitMQ's definitions.json, and as a pika program that declares it. Pure: a scene in, texts out.

import { call, py, table } from "./python_text.js";

const VHOST = "/";

/** What a definitions file holds of one broker: exclusive queues and what RabbitMQ has of itself are not in it. */
export function definitionsOf(scene, broker) {
  const { exchanges, queues, bindings, policies, version } = topology(scene, broker);
  return {
    rabbit_version: version,
    rabbitmq_version: version,
    product_name: "RabbitMQ",
    users: [],
    vhosts: [{ name: VHOST }],
    permissions: [],
    topic_permissions: [],
    parameters: [],
    global_parameters: [],
    policies: policies.map(([name, one]) => ({ vhost: VHOST, name, pattern: one.pattern, "apply-to": one.apply_to ?? "all", definition: one.definition, priority: one.priority ?? 0 })),
    queues: queues.map(([name, one]) => ({ name, vhost: VHOST, durable: one.durable ?? true, auto_delete: one.auto_delete ?? false, arguments: one.arguments ?? {} })),
    exchanges: exchanges.map(([name, one]) => ({ name, vhost: VHOST, type: one.type, durable: one.durable ?? true, auto_delete: one.auto_delete ?? false, internal: one.internal ?? false, arguments: one.arguments ?? {} })),
    bindings: bindings.map((one) => ({ source: one.source, vhost: VHOST, destination: one.target, destination_type: one.toQueue ? "queue" : "exchange", routing_key: one.routing_key, arguments: one.arguments ?? {} })),
  };
}

/** The same as lines of a pika program; policies, which no client sets, as comments. */
export function declarationsOf(scene, broker) {
  const { exchanges, queues, bindings, policies } = topology(scene, broker);
  const more = (one) => (Object.keys(one.arguments ?? {}).length ? [["arguments", table(one.arguments)]] : []);
  const flags = (one) => [["durable", py(one.durable ?? true)], ...(one.auto_delete ? [["auto_delete", "True"]] : [])];
  return [
    'connection = pika.BlockingConnection(pika.ConnectionParameters("localhost"))',
    "channel = connection.channel()",
    ...exchanges.flatMap(([name, one]) => call("channel.exchange_declare", [["exchange", py(name)], ["exchange_type", py(one.type)], ...flags(one), ...(one.internal ? [["internal", "True"]] : []), ...more(one)])),
    ...queues.flatMap(([name, one]) => call("channel.queue_declare", [["queue", py(name)], ...flags(one), ...more(one)])),
    ...bindings.flatMap((one) => call(one.toQueue ? "channel.queue_bind" : "channel.exchange_bind", [
      ...(one.toQueue ? [["queue", py(one.target)], ["exchange", py(one.source)]] : [["destination", py(one.target)], ["source", py(one.source)]]),
      ["routing_key", py(one.routing_key)], ...more(one)])),
    ...policies.flatMap(([name, one]) => [`# an operator sets the policy ${JSON.stringify(name)}: ${JSON.stringify(one.definition)}`]),
    "connection.close()",
  ];
}

/** The brokers of a scene. */
export function brokersOf(scene) {
  return [...scene.nodes].filter(([, node]) => node.what === "broker").map(([name]) => name);
}

function topology(scene, broker) {
  const settings = scene.nodes.get(broker).settings;
  const own = (what) => [...scene.nodes].filter(([, node]) => node.what === what && node.settings.broker === broker).map(([name, node]) => [name, node.settings]);
  const exchanges = own("exchange").filter(([name]) => !name.startsWith("amq."));
  const queues = own("queue").filter(([name, one]) => !one.exclusive && !name.startsWith("amq."));
  const kept = new Set(queues.map(([name]) => name));
  const known = new Set(own("exchange").map(([name]) => name));
  const bindings = [...scene.links.values()]
    .filter((link) => link.what === "binding" && known.has(link.source) && (kept.has(link.target) || known.has(link.target)))
    .map(({ source, target, routing_key, arguments: args }) => ({ source, target, toQueue: kept.has(target), routing_key: routing_key ?? "", arguments: args ?? {} }));
  return { exchanges, queues, bindings, policies: Object.entries(settings.policies ?? {}), version: `${settings.version ?? "4.3"}.0` };
}
