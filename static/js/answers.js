// What comes over the wire, and what the stage does with it.

import { Tree } from "./timeline.js";

/** The handlers of a stage's watch. */
export function answers(stage) {
  const playhead = stage.playhead;
  return {
    scene: (frame) => {
      stage.tree = new Tree(frame.tree);
      stage.first ??= frame;
      stage.arrive(frame);
      stage.tell("scene", frame);
      stage.tell("tree");
    },
    tree: (frame) => {
      const known = stage.tree.acts;
      stage.tree = new Tree(frame.tree);
      for (const act of stage.watch.acts) if (act.cut && known.has(act.id)) stage.tree.add(known.get(act.id));
      playhead.asked = null;
      stage.tell("tree");
    },
    stretch: (frame) => {
      const line = playhead.timeline;
      if (!line || frame.future !== line.future || !line.append(frame.from, frame.to, frame.events)) return;
      stage.caughtUp();
    },
    cut: (frame, mine) => stage.cut(frame, mine),
    kept: (frame) => {
      stage.tree.keep(frame.id);
      stage.acts.saved(stage.watch.unkept === 0);
      stage.tell("kept", frame);
    },
    moved: (frame) => {
      Object.assign(stage.dataset, { recording: frame.recording, role: "owner" });
      document.getElementById("viewer")?.remove();
      const share = document.querySelector("form.share");
      if (share) Object.assign(share, { hidden: false, action: `/r/${frame.recording}/share` });
      history.replaceState(null, "", `/r/${frame.recording}${location.hash}`);
    },
    no: (frame, act) => {
      stage.free();
      stage.tell("no", frame);
      if (act && (frame.code === "stale" || frame.code === "read_only")) stage.acts.offerAgain([act]);
      if (act || frame.code === "read_only") stage.acts.no(frame, act);
      else if (!playhead.timeline) stage.states.refused = frame.why;
      else if (frame.code === "stale") stage.look(stage.lastKept());
      playhead.asked = null;
      stage.going = false;
    },
    unstored: (frame, gone) => {
      const looked = stage.tree.path(playhead.timeline?.future).some((act) => act.id === frame.id);
      stage.tree.drop(frame.id);
      stage.acts.offerAgain(gone);
      if (looked) {
        stage.acts.refused("What you did last could not be stored, so it is undone.");
        stage.watch.go(frame.future, frame.at);
      }
      stage.free();
    },
    resumed: () => stage.free(),
    other: (frame) => stage.tell("other", frame),
  };
}
