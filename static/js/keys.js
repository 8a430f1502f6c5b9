// One colour and one letter per key. The letters A to G own theirs; other keys take the colours in the order in
// which they are met; the eighth and later are grey with the key's last two characters.

const NAMES = ["a", "b", "c", "d", "e", "f", "g"];

export class Keys {
  constructor() {
    this.given = new Map();
  }

  /** Reserve colours in the order in which the lab's producers list their keys. */
  meet(nodes) {
    for (const node of nodes.values()) {
      const keys = node.settings.keys ?? node.settings.publish?.keys;
      if (Array.isArray(keys)) for (const key of keys) this.colour(String(key));
    }
  }

  /** The colour's name: a to g, or other. */
  colour(key) {
    if (key === "") return "other";
    let name = this.given.get(key);
    if (name === undefined) {
      const own = key.length === 1 ? key.toLowerCase() : "";
      const taken = new Set(this.given.values());
      name = NAMES.includes(own) ? own : (NAMES.find((one) => !taken.has(one)) ?? "other");
      this.given.set(key, name);
    }
    return name;
  }

  /** What is written on the chip: one or two characters. */
  letter(key) {
    const letters = Array.from(key);
    return letters.length <= 2 ? key || "·" : letters.slice(-2).join("");
  }
}
