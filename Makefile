# make run: the main job. make test: every test. Both make .venv first.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP_INSTALL = $(BIN)/python -m pip install --quiet $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS)) --editable

.PHONY: run
run: $(VENV)/installed
	$(BIN)/boostobj parity

.PHONY: test
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup

# The same suite on the oldest releases that pyproject.toml allows; on Python 3.11, the oldest of all.
.PHONY: test-lowest
test-lowest:
	$(MAKE) test VENV=.venv-lowest CONSTRAINTS=tests/lowest.txt

.PHONY: lint
lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

# Writes benchmarks/results.json and the tables made of it; fails if a promised ratio is not kept.
.PHONY: bench
bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks --out benchmarks/results.json; status=$$?; \
	    $(BIN)/python tests/readme.py --write fast speed && exit $$status

# Writes the results of learning, beside CatBoost and NGBoost; more data sets with BOOSTOBJ_DATA=FOLDER (benchmarks/data.py).
.PHONY: learn
learn: $(VENV)/installed-dev
	$(PIP_INSTALL) ".[rivals]"
	xgboost=$$($(BIN)/python -c "import xgboost; print('.'.join(xgboost.__version__.split('.')[:2]))"); status=0; \
	    $(BIN)/python -m benchmarks convergence --out benchmarks/convergence-xgboost-$$xgboost.json || status=1; \
	    for name in imbalance likelihood; do $(BIN)/python -m benchmarks $$name --out benchmarks/$$name.json || status=1; done; \
	    $(BIN)/python tests/readme.py --write learns convergence imbalance likelihood || status=1; \
	    exit $$status

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
	$(PIP_INSTALL) .
	touch $@

$(VENV)/installed-dev: pyproject.toml | $(BIN)/python
	$(PIP_INSTALL) ".[dev]"
	touch $@ $(VENV)/installed
