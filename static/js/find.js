// The rule book's search, as one types. Without this script the form asks the server for the same.

import { text } from "./dom.js";

const WORDS_MAX = 8;

/** Whether each of the words is in it. */
export function has(said, words) {
  const low = said.toLowerCase();
  return words.toLowerCase().split(/\s+/).filter(Boolean).slice(0, WORDS_MAX).every((word) => low.includes(word));
}

function find(words) {
  const rules = Array.from(document.querySelectorAll(".rule"));
  for (const rule of rules) rule.hidden = !has(`${rule.closest(".rules").firstElementChild.textContent} ${rule.textContent}`, words);
  for (const section of document.querySelectorAll(".rules")) {
    section.hidden = !section.querySelector(".rule:not([hidden])");
    const link = document.querySelector(`.sections a[href="#${section.firstElementChild.id}"]`);
    link.parentElement.hidden = section.hidden;
  }
  const left = rules.filter((rule) => !rule.hidden).length;
  text(document.getElementById("found"), words.trim() ? `${left} of ${rules.length} rules.` : `${rules.length} rules.`);
}

const form = typeof document === "undefined" ? null : document.querySelector(".find");
if (form && !new URLSearchParams(location.search).get("q")) {
  const box = form.querySelector("input");
  box.addEventListener("input", () => find(box.value));
  form.addEventListener("submit", (event) => event.preventDefault()); // what it would find is found already
  addEventListener("hashchange", () => { // a link to a rule that is hidden shows it
    const rule = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (rule?.hidden || rule?.closest("[hidden]")) {
      box.value = "";
      find("");
      rule.scrollIntoView();
    }
  });
  if (box.value) find(box.value); // the browser kept it over a reload
}
