# A few commands, and none needs anything but Python 3.11 or later (pictures need Chromium). `make` alone explains them.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
WANTED := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test check bench shots soak

help:
	@echo "make run     start mqlab and say which address to open  (ARGS=\"--port 8001 --no-browser\")"
	@echo "make test    run the tests                              (ARGS=\"-k quorum\")"
	@echo "make check   format, lint, types, and the direction of dependencies"
	@echo "make bench   measure the figures, and compare them with what they must be"
	@echo "make soak    try random recordings and a server under random visitors for long (ARGS=\"--minutes 60\")"
	@echo "make shots   take pictures of every scenario, to be looked at: build/shots/index.html"

run: $(VENV)/.ready
	@exec $(PY) manage.py lab $(ARGS)

test: $(VENV)/.ready-test
	@$(PY) -m pytest -n 2 --dist worksteal $(ARGS)

check: $(VENV)/.ready-test
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(PY) -m pytest --quiet tests/test_tidy.py

bench: $(VENV)/.ready-test
	@$(PY) -m bench $(ARGS)

soak: $(VENV)/.ready-test
	@$(PY) -m soak $(ARGS)

shots: $(VENV)/.ready-test
	@$(PY) -m tests.shots $(ARGS)

# The stamps are newer than what they were made from, so a second run installs nothing.
$(VENV)/.ready: $(WANTED)
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing what mqlab needs into $(VENV) (only the first time)…"
	@$(PIP) .
	@touch $@

$(VENV)/.ready-test: $(WANTED)
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing what mqlab and its tests need into $(VENV) (only the first time)…"
	@$(PIP) '.[test]'
	@touch $@ $(VENV)/.ready
