# Two commands: `make compare` measures, `make test` tests. Both start from a fresh clone.
# `make check` holds what this commit measures against reports/baseline, `make baseline` accepts it (docs/ci.md).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
# Two processes with half of the processors each are done sooner than one with all of them.
COMPARE_FLAGS ?= --workers 2
# What the baseline was measured with, and what is measured to be held against it.
CHECK_FLAGS ?= --quick --latency-queries 0 --no-cache --strategies base,few-shot,few-shot-nearest,rag,few-shot+rag,lora,oracle
GATE_FLAGS ?= --expect same

# Each worker takes whole files, with one thread for torch. For one test alone: make test PARALLEL= ARGS=tests/…
PARALLEL ?= -n auto --maxprocesses 4 --dist loadfile

.PHONY: compare test check baseline candidate browser lint types install clean

compare: $(VENV)/.installed
	$(BIN)/python -m harness models pull
	$(BIN)/python -m harness compare $(COMPARE_FLAGS) $(ARGS)

check: candidate
	$(BIN)/python -m harness check reports/candidate $(GATE_FLAGS) $(ARGS)

# Shows what is accepted. A baseline is evidence alone: what is derived can be derived again.
baseline: candidate
	-$(BIN)/python -m harness diff reports/baseline reports/candidate
	$(BIN)/python -m harness accept reports/candidate
	rm -rf reports/candidate

candidate: $(VENV)/.installed
	rm -rf reports/candidate
	$(BIN)/python -m harness models pull
	$(BIN)/python -m harness compare $(COMPARE_FLAGS) $(CHECK_FLAGS) --output reports/candidate

test: export OMP_NUM_THREADS ?= 1
test: $(VENV)/.installed-dev browser lint types
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

browser:
	@sh tests/browser.sh

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

install: $(VENV)/.installed

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[documents]'
	touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
