// A link that holds everything: scenario, seed, the acts of the futures looked at, their names and notes, deflated into
// the part of the address that no server sees.

const LINK_CHARS_MAX = 32 * 1024;

function base64url(bytes) {
  let text = "";
  for (let n = 0; n < bytes.length; n += 0x8000) text += String.fromCharCode(...bytes.subarray(n, n + 0x8000));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** What the link holds, as text: raw deflate in base64url. */
export async function pack(content) {
  const stream = new Blob([JSON.stringify(content)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return base64url(new Uint8Array(await new Response(stream).arrayBuffer()));
}

/** The link to these futures of a recording, at the place `hash` (#t=…). Throws an Error that says what to do instead. */
export async function linkTo({ recording, seed, tree, futures, notes, hash }) {
  const answer = await fetch(`/r/${recording}/scenario.yaml`);
  if (!answer.ok) throw new Error("The scenario could not be fetched; try again.");
  const acts = new Map();
  for (const future of futures) for (const act of tree.path(future)) acts.set(act.id, act);
  const inOrder = Array.from(tree.acts.values()).filter((act) => acts.has(act.id));
  const z = await pack({
    format: 1,
    scenario: await answer.text(),
    seed,
    acts: inOrder.map(({ id, parent, t, i, command }) => ({ id, parent, t, i, command })),
    labels: Object.fromEntries(inOrder.filter((act) => act.label).map((act) => [act.id, act.label])),
    notes: notes.filter((note) => note.future === "0" || acts.has(note.future)),
  });
  if (z.length > LINK_CHARS_MAX) throw new Error(`This lab is too large for a link: ${z.length} characters, and at most ${LINK_CHARS_MAX} go in. Share it, or send the scenario file.`);
  return `${location.origin}/r/${hash}&z=${z}`;
}
