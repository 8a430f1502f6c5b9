// A scenario's texts as elements: text, code, terms that open their explanation, and rules. Text only ever as text.

import { el } from "./dom.js";

const NOTE_PX = 320;
const GAP_PX = 6;

/** Elements of [[kind, words, target]]. */
export function prose(parts) {
  return parts.map(([kind, words, target]) => {
    if (kind === "code") return el("code", { textContent: words });
    if (kind === "rule") return el("a", { href: `/rules/#${target}`, textContent: words });
    if (kind !== "term") return words;
    return el("button", { type: "button", class: "term", textContent: words, popoverTargetElement: document.getElementById(target) });
  });
}

let wired = false;

/** Explanations open beside the word that was pressed; the browser opens, closes and brings the focus back. */
export function wireTerms() {
  if (wired) return;
  wired = true;
  let pressed = null;
  document.addEventListener("click", (event) => (pressed = event.target.closest?.(".term") ?? null), true);
  document.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open" && pressed && event.target.classList.contains("term-note")) place(event.target, pressed);
  }, true);
}

function place(note, word) {
  const box = word.getBoundingClientRect();
  const below = box.bottom < innerHeight * 0.7;
  note.style.left = `${Math.max(8, Math.min(box.left, innerWidth - NOTE_PX - 16))}px`;
  note.style.right = "auto";
  note.style.top = below ? `${box.bottom + GAP_PX}px` : "auto";
  note.style.bottom = below ? "auto" : `${innerHeight - box.top + GAP_PX}px`;
  note.style.margin = "0";
}
