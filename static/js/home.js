// The home page's lab: its recording is asked for here, so that only who runs it has one; then it is a stage like any other.

import "./stage.js";
import { el } from "./dom.js";

const ATTRIBUTES = ["lesson", "firstCommand"];

async function begin(place) {
  const { open, token } = place.dataset;
  const answer = await fetch(open, { method: "POST", headers: { "X-CSRFToken": token } });
  if (!answer.ok) throw new Error(`The lab cannot be opened here (${answer.status}).`);
  const { recording } = await answer.json();
  const stage = el("mq-stage", { class: "compact" });
  stage.dataset.recording = recording;
  for (const name of ATTRIBUTES) stage.dataset[name] = place.dataset[name] ?? "";
  place.replaceWith(stage);
}

const place = document.getElementById("live");
if (place) {
  begin(place).catch((error) => {
    place.classList.add("failed");
    place.replaceChildren(el("p", { class: "waiting", textContent: error.message }));
  });
}
