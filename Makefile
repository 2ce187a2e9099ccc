# make run: the main job. make test: every test. Both make .venv first.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: run
run: $(VENV)/installed
	$(BIN)/boostobj parity

.PHONY: test
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest

.PHONY: lint
lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

.PHONY: bench
bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks

.PHONY: bench-smoke
bench-smoke: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks --smoke

.PHONY: readme
readme: $(VENV)/installed-dev
	$(BIN)/python tests/readme.py --write

.PHONY: clean
clean:
	rm -rf .venv* build dist *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/installed-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch $@ $(VENV)/installed
