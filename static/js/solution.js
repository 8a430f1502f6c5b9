// A lesson's own solution, played as a new future of this recording when the reader asks for it.

const AHEAD_US = 500_000;

/** Wire the page's button. Returns {cut(frame)} to be told of each act that was entered, or null where there is no button. */
export function wireSolution(stage, steps) {
  const button = document.getElementById("play-solution");
  if (!button) return null;
  let last = "";
  button.disabled = false;
  button.addEventListener("click", () => {
    if (stage.playhead.held || !stage.playhead.timeline) return;
    let future = "0";
    for (const { at, command } of steps) {
      const before = future;
      future = stage.watch.act(command, () => ({ future: before, at: [at, 0], ahead: AHEAD_US }), { aside: true });
    }
    last = future;
    stage.playhead.held = true;
  });
  return {
    cut(frame) {
      if (frame.id !== last) return;
      last = "";
      stage.free();
      stage.watch.go(frame.id, [0, 0]);
      stage.play(true);
      stage.scrollIntoView({ block: "nearest" });
    },
  };
}
