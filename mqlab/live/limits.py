"""Every bound of the wire in one place, units last. Each is met with an answer that says so; docs/limits.md
lists them."""

FRAME_BYTES_MAX = 64 * 1024
SOCKETS_PER_SESSION_MAX = 8
JOINS_PER_SOCKET_MAX = 16
LABS_OPEN_MAX = 1_000
PUT_AWAY_AFTER_S = 60.0  # a recording nobody watches leaves memory

MESSAGES_PER_S = 100.0  # anything at all, by session: also what cannot be read
MESSAGES_BURST = 200
DO_PER_S = 20.0
DO_BURST = 40
MORE_PER_S = 10.0  # by session and recording
MORE_BURST = 20
LOOKS_PER_S = 10.0  # join and go: each builds a whole scene
LOOKS_BURST = 40
COPIES_PER_S = 0.5  # a viewer's first act on a recording that is not theirs
COPIES_BURST = 5
DRIVES_PER_S = 10.0  # an owner moves the shared playhead: each is told to all who watch
DRIVES_BURST = 20
OVER_QUOTA_IN_A_ROW_MAX = 5

MORE_S_MAX = 40  # 5 s ahead at 8 × speed; a longer wish is answered up to here
SPEED_MIN = 0.25  # of a shared playhead
SPEED_MAX = 8.0
TOGETHER_LEAD_MS = 300  # an act in a room happens so far ahead of the shared playhead, at speed 1
OWNER_AWAY_S = 3.0  # so long a room goes on without its owner; then it holds until the owner is back
AHEAD_MS_MIN = 500
AHEAD_MS_MAX = 4_000

SLICE_MS = 2.0
LONG_MS = 20.0  # a job that has taken so long waits for its turns with others of its kind
DEFLATE_OVER_BYTES = 1_024
DEFLATE_LEVEL = (
    3  # measured on a real stretch of 47 kB: 6.2 kB; level 5 makes 5.3 kB of it in half as much time again
)
DEFLATE_WINDOW_BITS = 14
DEFLATE_MEMORY = 8  # zlib's memLevel
DEFLATE_CHUNK_BYTES = 128 * 1024  # deflated between two looks at the clock
PIECES_BYTES_MAX = 512 * 1024  # encoded stretches kept, a recording that several watch
PIECES_ALONE_BYTES_MAX = 64 * 1024  # and one that one socket watches: a page keeps ± 60 s itself
PIECES_TOTAL_BYTES_MAX = 64 * 1024 * 1024  # and all recordings together
OUTBOX_FRAMES_MAX = 1_024  # a socket that does not take what it asked for is closed

RUNS_AT_ONCE_MAX = 2  # workloads of the page that compares, each on one system
RUN_LONG_MESSAGES = 2_000  # from so many on it may be run by a process of its own
RUNNER_IDLE_S = 60.0  # which ends when it has had nothing to do for so long
RUNNER_LINE_BYTES_MAX = 1024 * 1024  # of its answer
RUNS_WAITING_MAX = 64
RUNS_KEPT_MAX = 512  # rows of its table

LABEL_CHARS_MAX = 60  # of a future
NOTE_CHARS_MAX = 500
NOTES_MAX = 50  # a recording

JOURNAL_BATCH_MAX = 500
JOURNAL_RETRY_MS = 1_000
