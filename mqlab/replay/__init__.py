"""Recorded cases run on the engine: what the real thing did, beside what we do."""
