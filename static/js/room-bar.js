// What one reads and presses of a room: the door beside the title, who drives, who may act, the address for the others.

import { el, field, text } from "./dom.js";

/** A place as words: whole seconds are enough for "the room is at 41 s". */
const whole = (us) => `${Math.floor(us / 1_000_000)} s`;

export class RoomBar {
  /** `on`: open, lock, back. */
  constructor(stage, on) {
    this.stage = stage;
    this.door = document.getElementById("together");
    this.door.addEventListener("click", on.open);
    this.door.disabled = false;
    this.say = el("p", { class: "room-say", role: "status" });
    this.where = el("p", { class: "room-where soft" });
    this.lock = el("button", { type: "button", onclick: on.lock });
    this.back = el("button", { type: "button", class: "first", textContent: "Return to the room", onclick: on.back });
    this.address = el("input", { type: "text", readOnly: true, class: "mono", spellcheck: false, onfocus: () => this.address.select() });
    this.copy = el("button", { type: "button", textContent: "Copy address", onclick: () => this.copied() });
    this.code = el("details", { class: "room-code", open: true }, el("summary", { textContent: "QR code" }));
    this.alone = el("p", { class: "soft" , textContent: "This server answers this machine only. For a class, start it with --lan." });
    this.others = el("div", { class: "room-address" }, field("Address to join", this.address), this.copy, this.alone);
    this.root = el("section", { class: "room", "aria-label": "Together", hidden: true },
      el("div", { class: "room-words" }, this.say, this.where, this.lock, this.back), this.others, this.code);
    stage.prepend(this.root);
  }

  /** The door is the owner's. */
  doors(owner) {
    this.door.hidden = !owner;
  }

  draw(room) {
    const { on, owner, following } = room;
    this.doors(owner);
    this.door.setAttribute("aria-pressed", String(on));
    this.root.hidden = !on;
    document.getElementById("viewer")?.toggleAttribute("hidden", on);
    if (!on) return;
    const { locked, here, away } = room.beat.room;
    const everybody = here === 1 ? "Nobody else is here yet" : `${here} are here`;
    const acts = locked ? (owner ? "Only you may act." : "Acts are locked.") : "Everybody may act.";
    let say = owner ? `${everybody}. You drive, the others see what you see. ${acts}` : `${here} are here. The owner drives, you follow. ${acts}`;
    if (!owner && !following) say = `You look elsewhere; the room goes on without you. ${acts}`;
    if (!owner && away) say = `The owner is away; the room waits. ${acts}`;
    text(this.say, say);
    text(this.lock, locked ? "Let everybody act" : "Lock acts");
    this.lock.hidden = this.others.hidden = !owner;
    this.code.hidden = !owner || !this.stage.dataset.site;
    this.back.hidden = owner || following;
    if (owner) this.drawAddress();
  }

  drawAddress() {
    const { site, recording } = this.stage.dataset;
    const address = `${site || location.origin}/r/${recording}`;
    if (this.address.value === address) return;
    this.address.value = address;
    this.alone.hidden = Boolean(site);
    this.code.querySelector("img")?.remove();
    if (site) this.code.append(el("img", { src: `/r/${recording}/qr.svg`, alt: "QR code of the address", width: 176, height: 176 }));
  }

  /** The room's time, where it is not one's own. */
  tell(room, now) {
    const { following, beat } = room;
    text(this.where, following ? "" : `The room is at ${whole(beat.at(now))}${beat.stands(now) ? ", paused" : ""}.`);
  }

  async copied() {
    this.address.select();
    let done = false;
    try {
      await navigator.clipboard.writeText(this.address.value);
      done = true;
    } catch { // over plain http there is no clipboard
      done = document.execCommand("copy");
    }
    text(this.copy, done ? "Copied" : "Select it and copy");
    setTimeout(() => text(this.copy, "Copy address"), 2_000);
  }
}
