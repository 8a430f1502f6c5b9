// The lesson of a lab: goals that tick, the first act on offer, a question before the deciding moment, and its answer. What is
// due and what came true is told by the engine's events; here it is only shown, and time is held.

import { el, text } from "./dom.js";
import { memory } from "./memory.js";
import { prose, wireTerms } from "./prose.js";
import { wireSolution } from "./solution.js";
import { commandWords } from "./words.js";

const SIGNS = { open: "○", met: "✓", broken: "✗" };
const MOMENTS = new Set(["ActOffered", "PredictionDue"]);
const TYPES_WITHOUT_TYPING = new Set(["range", "radio", "checkbox", "button", "submit"]);

export class Lesson {
  /** `data`: {first: {say, command} | null, predictions: [{ask, choices: [{say, why}]}], solution: [{at, command}]}. */
  constructor(stage, data) {
    this.stage = stage;
    this.data = data;
    this.compact = stage.classList.contains("compact");
    this.memory = memory(() => stage.dataset.recording);
    this.goals = Array.from(document.querySelectorAll("#goals li"), goal);
    this.told = el("p", { class: "visually-hidden", role: "status" });
    this.card = el("div", { class: "lesson-card", tabIndex: -1 });
    this.root = el("section", { class: "lesson", "aria-label": "Lesson", hidden: true }, this.card, this.told);
    this.shown = "";
    this.moments = [];
    this.scanned = "";
    if (this.compact) stage.deck.root.before(this.root);
    else stage.side.root.prepend(this.root);
    wireTerms();
    this.solution = wireSolution(stage, data.solution);
    this.wireStops(document.getElementById("stops"));
  }

  /** The box that says whether time stops for the lesson. */
  wireStops(box) {
    if (!box) return;
    box.checked = this.memory.stops;
    box.addEventListener("change", () => {
      this.memory.stops = box.checked;
      this.stage.force = true;
    });
  }

  // --- what the stage asks

  /** Time reaches the next open moment and no further, unless it is shared: a room does not wait for one of its readers. */
  wall(line) {
    const { t } = this.stage.playhead;
    this.line = line;
    this.scan(line);
    if (this.compact || !this.memory.stops || this.stage.ask("shares")) return (this.moment = Infinity);
    const next = this.moments.find((moment) => moment.t >= Math.floor(t) && this.open(moment));
    return (this.moment = next ? next.t : Infinity);
  }

  holds() {
    if (!this.standing) return "";
    return this.shown.startsWith("offer true") ? "Time waits for you: act, or let it run." : "Time waits for your answer.";
  }

  get standing() {
    const { playing, t } = this.stage.playhead;
    return playing && t >= this.moment;
  }

  cut(frame) {
    this.solution?.cut(frame);
  }

  draw(line) {
    const { scene } = line;
    scene.goals.forEach((state, n) => this.tick(n, state));
    const [name, make] = this.next(scene, line);
    if (name === this.shown) return;
    this.show(name, make);
  }

  // --- moments

  scan(line) {
    const seen = `${line.future}|${line.from}|${line.to}|${line.events.length}`;
    if (seen === this.scanned) return;
    this.scanned = seen;
    this.moments = line.events.filter((event) => MOMENTS.has(event.kind));
  }

  open(moment) {
    if (moment.kind === "ActOffered") return !this.memory.declined && !this.acted();
    return this.memory.answers[moment.prediction] === undefined;
  }

  /** Whether anybody acted on this future. */
  acted() {
    return this.line.future !== "0";
  }

  // --- what is shown: [its name, how it is made]

  next(scene, line) {
    const { answers, closed } = this.memory;
    for (const [n, state] of this.compact ? [] : scene.predictions.entries()) {
      if (state === "open") continue;
      if (answers[n] === undefined) return [`ask ${n}`, () => this.ask(n)];
      if (answers[n] === null || closed[n]) continue;
      if (state === "due") return [`wait ${n}`, () => this.wait(n)];
      return [`answer ${n} ${state}`, () => this.answer(n, Number(state), line)];
    }
    const { first } = this.data;
    if (this.compact && this.acted()) return ["after", () => [el("p", { textContent: "That made another future. Open this lab to see what comes of it, to go back, and to try it otherwise." })]];
    if (!first || this.acted()) return ["", null];
    const lit = scene.offered && !this.compact && !this.memory.declined;
    const verb = this.verb(scene, first.command);
    return [`offer ${lit} ${verb}`, () => this.offer(first, verb, lit)];
  }

  /** The first act's button; a program that has not run yet is started, not restarted. */
  verb(scene, command) {
    const said = commandWords(command);
    const node = scene.nodes.get(command.node);
    const words = command.do === "restart" && node?.status === "waits" ? `start ${command.node}` : said;
    return words[0].toUpperCase() + words.slice(1);
  }

  show(name, make) {
    const had = this.root.contains(document.activeElement);
    const asks = name.startsWith("ask");
    this.shown = name;
    this.root.hidden = !name;
    this.card.className = `lesson-card ${name.split(" ")[0]}${name.startsWith("offer true") ? " lit" : ""}`;
    this.card.replaceChildren(...(make ? make() : []));
    if (had || (asks && this.standing && this.mayTakeFocus())) this.focus(name);
    else if (asks && this.standing) text(this.told, `A question: ${plain(this.data.predictions[Number(name.slice(4))].ask)}`);
  }

  focus(name) {
    (name ? this.card : this.stage.deck.play).focus({ preventScroll: true });
    if (name) requestAnimationFrame(() => requestAnimationFrame(() => this.bring())); // an act makes the deck taller first
  }

  /** Into sight, and clear of the deck, which may lie over the page's end. */
  bring() {
    this.root.style.scrollMarginBottom = `${this.stage.deck.root.offsetHeight + 8}px`;
    this.root.scrollIntoView({ block: "nearest" });
  }

  /** Nobody is taken away from what they write or read: only from the figure, the deck, or nowhere. */
  mayTakeFocus() {
    const at = document.activeElement;
    if (!at || at === document.body) return true;
    if (!this.stage.contains(at)) return false;
    return !(at.matches("textarea, select") || (at.matches("input") && !TYPES_WITHOUT_TYPING.has(at.type)));
  }

  // --- the cards

  offer(first, verb, lit) {
    return [
      el("p", { class: "lead" }, ...prose(first.say)),
      el("div", { class: "lesson-buttons" },
        el("button", { type: "button", class: "first", textContent: verb, onclick: () => this.stage.act(first.command) }),
        lit ? el("button", { type: "button", textContent: "Let it run", onclick: () => this.decline() }) : null),
    ];
  }

  decline() {
    this.memory.declined = true;
    this.again();
  }

  ask(n) {
    const { ask, choices } = this.data.predictions[n];
    const why = el("p", { class: "error", role: "alert", hidden: true, textContent: "Choose one first." });
    const radios = choices.map(({ say }, value) =>
      el("label", { class: "choice" }, el("input", { type: "radio", name: `prediction-${n}`, value }), el("span", {}, ...prose(say))));
    const form = el("form", { class: "question" },
      el("fieldset", {}, el("legend", {}, ...prose(ask)), ...radios), why,
      el("div", { class: "lesson-buttons" },
        el("button", { type: "submit", class: "first", textContent: "That is my guess" }),
        el("button", { type: "button", textContent: "Skip", onclick: () => this.choose(n, null) })));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = form.querySelector("input:checked");
      why.hidden = chosen !== null;
      if (chosen) this.choose(n, Number(chosen.value));
    });
    return [form];
  }

  choose(n, choice) {
    this.memory.answer(n, choice);
    this.again();
  }

  wait(n) {
    const { choices } = this.data.predictions[n];
    return [el("p", {}, "You say: ", el("strong", {}, ...prose(choices[this.memory.answers[n]].say)), " Now watch.")];
  }

  answer(n, came, line) {
    const { choices } = this.data.predictions[n];
    const mine = this.memory.answers[n];
    const head = mine === came ? "You were right." : "It went otherwise.";
    text(this.told, `${head} ${plain(choices[came].say)}`);
    const moment = line.events.find((event) => event.kind === "PredictionSettled" && event.prediction === n);
    return [
      el("p", { class: "lead" }, el("span", { class: `sign ${mine === came ? "met" : "broken"}`, textContent: mine === came ? "✓ " : "✗ ", "aria-hidden": "true" }), head),
      mine === came ? null : el("p", { class: "soft" }, "You said: ", ...prose(choices[mine].say)),
      el("p", {}, el("strong", {}, ...prose(choices[came].say)), " ", ...prose(choices[came].why)),
      el("div", { class: "lesson-buttons" },
        el("button", { type: "button", textContent: "Close", onclick: () => this.close(n) }),
        moment ? el("button", { type: "button", textContent: "See that moment", onclick: () => this.see(moment) }) : null),
    ].filter(Boolean);
  }

  close(n) {
    this.memory.close(n);
    this.again();
  }

  see(moment) {
    this.stage.play(false);
    this.stage.seek(moment.t);
  }

  /** Something was decided: look anew in the next frame. */
  again() {
    this.stage.playhead.clock = null;
    this.stage.force = true;
  }

  // --- goals

  tick(n, state) {
    const one = this.goals[n];
    if (!one || one.state === state) return;
    if (state === "met" && one.state === "open") text(this.told, `Goal met: ${one.said}`);
    one.state = state;
    text(one.sign, SIGNS[state]);
    text(one.words, ` (${state})`);
    one.root.className = state;
  }
}

/** A goal of the page's list: what it says, its sign, and the sign in words. */
function goal(root) {
  const [sign, said] = root.children;
  const words = said.querySelector(".state");
  return { root, sign, words, said: said.textContent.slice(0, -words.textContent.length), state: "open" };
}

const plain = (parts) => parts.map(([, words]) => words).join("");
