// The picture as a file: an SVG that needs nothing else, with its title, its moment and its link, and the same as a PNG.
// Loaded when it is wanted. What a user wrote goes into it as text and nothing else.

import { Pool } from "./chips.js";
import { el, make } from "./dom.js";
import { clean, seconds, shorten, wide } from "./words.js";

const NS = "http://www.w3.org/2000/svg";
const KEPT = { fill: "#000000", stroke: "none", "stroke-width": "1px", "stroke-dasharray": "none", "stroke-linejoin": "miter", "paint-order": "normal", opacity: "1", "text-anchor": "start", "font-family": "", "font-size": "", "font-weight": "400", "marker-end": "none", "unicode-bidi": "normal" };
const TEXT_ONLY = new Set(["text-anchor", "font-family", "font-size", "font-weight", "unicode-bidi", "paint-order"]);
const GONE = new Set(["hit", "halo"]);
const PAD = 24;
const LINE_PX = 18;
const LINK_LINES = 6;
const PNG_SCALE = 2;
const PNG_PIXELS_MAX = 40_000_000;
const NAME_MAX = 60;

/** The page's own fonts as a style sheet that needs no other file; what cannot be had now is left out. */
async function fontRules() {
  const rules = await Promise.all(Array.from(document.querySelectorAll("link[as=font]"), async ({ href, dataset }) => {
    try {
      const bytes = new Uint8Array(await (await fetch(href)).arrayBuffer());
      let text = "";
      for (const byte of bytes) text += String.fromCharCode(byte);
      return `@font-face{font-family:"${dataset.family}";font-weight:${dataset.weight};src:url(data:font/woff2;base64,${btoa(text)})}`;
    } catch { // the connection is away
      return "";
    }
  }));
  return rules.join("");
}

/** The figure as one SVG text. `title`, `moment` (µs) and `link` stand below it; `rules` is its style sheet. */
export function svgText(picture, { title, moment, link }, rules = "") {
  const sheet = make(picture.svg, "g", { class: "tokens" });
  try {
    drawMoving(sheet, picture);
    const { width, height } = picture.plan;
    const root = document.createElementNS(NS, "svg");
    make(root, "title", {}, clean(title));
    if (rules) make(root, "style", {}, rules);
    const colours = getComputedStyle(picture.svg.closest(".figure") ?? picture.svg);
    const paper = make(root, "rect", { fill: colours.getPropertyValue("--raised") });
    for (const child of picture.svg.children) copy(child, root);
    const bottom = caption(root, { title, moment, link }, width, height, colours);
    Object.entries({ width, height: bottom }).forEach(([name, value]) => [root, paper].forEach((one) => one.setAttribute(name, Math.ceil(value))));
    root.setAttribute("viewBox", `0 0 ${Math.ceil(width)} ${Math.ceil(bottom)}`);
    return new XMLSerializer().serializeToString(root);
  } finally {
    sheet.remove();
  }
}

/** What lies on the canvas, as parts of the figure. */
function drawMoving(sheet, picture) {
  for (const { d, width, colour, hollow, words, at } of picture.bands) {
    const group = make(sheet, "g", colour ? { class: `k-${colour}` } : {});
    if (words) make(group, "text", { class: "s end", x: at.x, y: at.y }, words);
    if (hollow) make(group, "path", { d, class: "band edge", "stroke-width": width + 2 });
    if (d) make(group, "path", { d, class: hollow ? "band hollow" : colour === "ink" ? "band ink" : "band", "stroke-width": width });
  }
  const pool = new Pool(sheet);
  for (const token of picture.tokens) {
    const chip = pool.next();
    chip.draw(token.x, token.y, token);
    if (token.alpha !== undefined) chip.root.setAttribute("opacity", token.alpha.toFixed(2));
  }
}

/** An element and what is below it, with its look as attributes; nothing where it is not seen. */
function copy(from, parent) {
  const name = from.localName;
  if (name === "defs") return copyDefs(from, parent);
  const style = getComputedStyle(from);
  if (name !== "title" && (style.display === "none" || style.visibility === "hidden" || GONE.has(from.classList[0]))) return;
  const made = document.createElementNS(NS, name);
  for (const { name: attribute, value } of from.attributes) {
    if (!["class", "data-node", "visibility", "tabindex", "style"].includes(attribute)) made.setAttribute(attribute, value);
  }
  if (name === "title") made.textContent = clean(from.textContent);
  else if (name !== "g") look(made, style, name);
  if (name === "text") {
    for (const child of from.childNodes) if (child.nodeType === 3) made.append(clean(child.data));
  } else if (name !== "title") {
    if (style.opacity !== "1") made.setAttribute("opacity", style.opacity);
    for (const child of from.children) copy(child, made);
  }
  parent.append(made);
}

function copyDefs(from, parent) {
  const made = make(parent, "defs");
  for (const child of from.children) {
    const part = child.cloneNode(true);
    const all = [child, ...child.querySelectorAll("*")];
    [part, ...part.querySelectorAll("*")].forEach((one, n) => {
      if (one.localName === "path" || one.localName === "rect") look(one, getComputedStyle(all[n]), one.localName);
      one.removeAttribute("class");
    });
    made.append(part);
  }
}

function look(made, style, name) {
  for (const [property, usual] of Object.entries(KEPT)) {
    if (TEXT_ONLY.has(property) && name !== "text") continue;
    const value = style.getPropertyValue(property).replace(/url\("?[^")#]*(#[^")]+)"?\)/, "url($1)");
    if (value !== "" && value !== usual) made.setAttribute(property, value);
  }
  if (name === "circle") made.setAttribute("r", parseFloat(style.r) || made.getAttribute("r"));
}

/** Title, moment and link below the figure. Returns where it ends. */
function caption(root, { title, moment, link }, width, height, colours) {
  const said = (text, x, y, more) => make(root, "text", { x, y, "unicode-bidi": "isolate", ...more }, clean(text));
  const ink = colours.getPropertyValue("--ink").trim();
  const soft = colours.getPropertyValue("--soft").trim();
  let y = height + PAD;
  make(root, "path", { d: `M${PAD} ${height + 2}H${width - PAD}`, stroke: colours.getPropertyValue("--line").trim(), fill: "none" });
  for (const line of lines(clean(title), Math.floor((width - 2 * PAD) / 9.5), 3)) said(line, PAD, (y += LINE_PX), { fill: ink, "font-family": colours.getPropertyValue("--serif").trim(), "font-size": "17px", "font-weight": "600" });
  const small = { fill: soft, "font-family": colours.getPropertyValue("--sans").trim(), "font-size": "12px" };
  said(`At ${seconds(moment)} s`, PAD, (y += LINE_PX), small);
  const anchor = make(root, "a", { href: link });
  const mono = { fill: soft, "font-family": colours.getPropertyValue("--mono").trim(), "font-size": "11px" };
  for (const line of lines(link, Math.floor((width - 2 * PAD) / 6.9), LINK_LINES, false)) make(anchor, "text", { x: PAD, y: (y += LINE_PX), ...mono }, line);
  return y + PAD;
}

/** A text in at most so many lines; by words, or a link anywhere. */
function lines(text, most, count, words = true) {
  const found = [""];
  for (const part of words ? text.split(/(?<=\s)/) : text.match(new RegExp(`.{1,${most}}`, "gu")) ?? []) {
    const last = found.length - 1;
    if (wide(found[last] + part) <= most) found[last] += part;
    else found.push(shorten(part, most));
  }
  const all = found.filter((line) => line !== "");
  if (all.length > count) all.splice(count - 1, all.length, shorten(all.slice(count - 1).join(""), most));
  return all;
}

/** A name for the file that every system takes. */
export function fileName(title, moment, ending) {
  const plain = title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, NAME_MAX).replace(/-+$/, "");
  return `mqlab-${plain || "lab"}-${seconds(moment)}s.${ending}`;
}

/** Let the reader keep a file. */
export function give(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export async function saveSvg(picture, about) {
  give(new Blob([svgText(picture, about, await fontRules())], { type: "image/svg+xml" }), fileName(about.title, about.moment, "svg"));
}

/** The same on a canvas, twice as large. Rejects with a sentence where the picture is too large for one. */
export async function savePng(picture, about) {
  const url = URL.createObjectURL(new Blob([svgText(picture, about, await fontRules())], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(PNG_SCALE, Math.sqrt(PNG_PIXELS_MAX / (image.width * image.height)));
    const canvas = el("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    if (!blob) throw new Error("The picture is too large for a PNG here; save it as SVG.");
    give(blob, fileName(about.title, about.moment, "png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}
