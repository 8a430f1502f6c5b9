"""Figures of speed and size, each beside what it must be. `make bench` measures and compares them."""
