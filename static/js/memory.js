// What this reader has answered, declined and closed in a recording, and whether time stops for them at all: kept for the
// session of this page, so that nothing is asked twice. Where the browser keeps nothing, it is kept as long as the page.

const STOPS = "mqlab-stops";

/** `recording()` names the recording: a copy that is made of it takes its answers along. */
export function memory(recording) {
  const name = () => `mqlab-lesson:${recording()}`;
  const { answers = {}, closed = {}, declined = false } = load(name());
  let stops = read(STOPS) !== "no";
  let refused = declined;
  const keep = () => write(name(), JSON.stringify({ answers, closed, declined: refused }));
  return {
    answers,
    closed,
    answer(n, choice) {
      answers[n] = choice;
      keep();
    },
    close(n) {
      closed[n] = true;
      keep();
    },
    get declined() {
      return refused;
    },
    set declined(value) {
      refused = value;
      keep();
    },
    get stops() {
      return stops;
    },
    set stops(value) {
      stops = value;
      write(STOPS, value ? "yes" : "no");
    },
  };
}

function load(name) {
  try {
    return JSON.parse(read(name)) ?? {};
  } catch {
    return {};
  }
}

function read(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // no storage: remembered as long as the page is open
  }
}
