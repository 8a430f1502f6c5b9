// Keys: space plays, the comma and the full stop step. The figure is one tab stop; arrows go to the nearest node.

const TYPING = new Set(["INPUT", "TEXTAREA", "SELECT", "BUTTON", "SUMMARY", "A"]);

export function wireKeys(stage) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || TYPING.has(event.target.tagName)) return;
    if (event.key === " ") stage.play(!stage.playhead.playing);
    else if (event.key === ",") stage.back();
    else if (event.key === ".") stage.step();
    else return;
    event.preventDefault();
  });
}

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** `open(name)` when Enter is pressed on a node. */
export function wireNodes(svg, picture, open) {
  let at = "";
  svg.setAttribute("tabindex", "0");
  const show = () => {
    for (const [name, glyph] of picture().glyphs ?? []) glyph.root.classList.toggle("cursor", name === at);
    if (at) svg.setAttribute("aria-description", picture().glyphs.get(at)?.title.textContent ?? at);
  };
  svg.addEventListener("focus", () => {
    const boxes = picture().plan?.boxes;
    if (boxes && !boxes.has(at)) at = boxes.keys().next().value ?? "";
    show();
  });
  svg.addEventListener("blur", () => {
    for (const glyph of picture().glyphs?.values() ?? []) glyph.root.classList.remove("cursor");
  });
  svg.addEventListener("keydown", (event) => {
    const boxes = picture().plan?.boxes;
    if (event.key === "Enter" && at) open(at);
    else if (WAYS[event.key] && boxes?.has(at)) at = nearest(boxes, boxes.get(at), WAYS[event.key]) ?? at;
    else return;
    event.preventDefault();
    show();
  });
}

/** The nearest box in a direction; one that is more sideways than ahead counts double. */
export function nearest(boxes, from, [dx, dy]) {
  const x = from.x + from.w / 2;
  const y = from.y + from.h / 2;
  let best = null;
  let least = Infinity;
  for (const box of boxes.values()) {
    const ahead = (box.x + box.w / 2 - x) * dx + (box.y + box.h / 2 - y) * dy;
    const aside = Math.abs((box.x + box.w / 2 - x) * dy) + Math.abs((box.y + box.h / 2 - y) * dx);
    const far = ahead + 2 * aside;
    if (box !== from && ahead > 4 && far < least) [best, least] = [box.name, far];
  }
  return best;
}
