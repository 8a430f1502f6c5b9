// The client code that an act on a Redis stands for: redis-py, and redis-cli for what an operator does. Pure.

import { py } from "./python_text.js";

const python = (...body) => ({ title: "Python, redis-py", text: `${["import redis", "", "r = redis.Redis()", ...body.flat()].join("\n")}\n` });
const quoted = (text) => (/^[\w.:@~$/-]+$/.test(String(text)) ? String(text) : `'${String(text).replaceAll("'", "'\\''")}'`);
const cli = (...words) => ({ title: "redis-cli", text: `redis-cli ${words.map(quoted).join(" ")}\n` });

/** So many times, each after a pause. */
function repeated(line, { repeat = 1, every_ms = 0 }) {
  if (repeat === 1) return [line];
  return [...(every_ms ? ["import time"] : []), `for n in range(${repeat}):`, `    ${line}`, ...(every_ms ? [`    time.sleep(${every_ms / 1000})`] : [])];
}

function trimmed({ maxlen = 0, approximate = false }) {
  return maxlen ? `, maxlen=${maxlen}, approximate=${approximate ? "True" : "False"}` : "";
}

export const REDIS_CODE = {
  publish_to: (command) => [python(repeated(`r.publish(${py(command.channel)}, ${py(command.body ?? "")})`, command)), cli("PUBLISH", command.channel, command.body ?? "")],
  xadd: (command) => [
    python(repeated(`r.xadd(${py(command.stream)}, {"body": ${py(command.body ?? "")}}${trimmed(command)})`, command)),
    cli("XADD", command.stream, ...(command.maxlen ? ["MAXLEN", "=", command.maxlen] : []), "*", "body", command.body ?? ""),
  ],
  xtrim: (command) => [
    python(`r.xtrim(${py(command.stream)}, maxlen=${command.maxlen}, approximate=${command.approximate ? "True" : "False"})`),
    cli("XTRIM", command.stream, "MAXLEN", command.approximate ? "~" : "=", command.maxlen),
  ],
};

/** What is made or taken away at a Redis: `nodes` says what it is. */
export function redisThings(command, nodes) {
  if (command.do === "delete") {
    const at = command.node.lastIndexOf("/");
    if (nodes.get(command.node)?.what !== "group") return [python(`r.delete(${py(command.node)})`), cli("DEL", command.node)];
    const [stream, group] = [command.node.slice(0, at), command.node.slice(at + 1)];
    return [python(`r.xgroup_destroy(${py(stream)}, ${py(group)})`), cli("XGROUP", "DESTROY", stream, group)];
  }
  const { node, what, settings = {} } = command;
  if (what === "group") {
    const start = settings.start ?? "$";
    return [python(`r.xgroup_create(${py(settings.stream)}, ${py(node)}, id=${py(start)})`), cli("XGROUP", "CREATE", settings.stream, node, start)];
  }
  if (what === "subscriber") {
    const listen = [["subscribe", settings.channels], ["psubscribe", settings.patterns]].filter(([, names]) => names?.length);
    return [python("p = r.pubsub()", listen.map(([verb, names]) => `p.${verb}(${names.map((one) => py(one)).join(", ")})`), "for message in p.listen():", "    print(message)")];
  }
  if (what === "consumer") {
    const { stream, group, count = 1, block_ms = 5000 } = settings;
    return [python(
      "while True:",
      `    found = r.xreadgroup(${py(group)}, ${py(node)}, {${py(stream)}: ">"}, count=${count}, block=${block_ms})`,
      "    for _, entries in found or []:",
      "        for entry, fields in entries:",
      "            print(entry, fields)  # the work",
      `            r.xack(${py(stream)}, ${py(group)}, entry)`,
    )];
  }
  return [];
}
