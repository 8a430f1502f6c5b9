"""The engine: pure, deterministic, in virtual time. It knows no web, no clock, no files, no chance but its own."""
