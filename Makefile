# Two commands for a fresh machine: `make quickstart` and `make test`. Everything else is for people who
# change the kit. Needs make and a Python 3.9-3.12 with venv; brings the rest into .venv.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: quickstart install test lint locks clean

VENV := .venv
BIN := $(VENV)/bin
SEED ?= 0
PYTEST_ARGS ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The first of these that is a supported Python makes the environment; PYTHON=… names another.
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.10 python3.9; do \
	"$$p" -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null \
	&& { echo "$$p"; break; }; done)

quickstart: install
	$(BIN)/ppocr-kit quickstart --seed $(SEED)

install: $(VENV)/.release

test: $(VENV)/.test $(VENV)/.release
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.test $(VENV)/.kit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The environment, by what it is made from: a changed lock or Python makes it anew.
$(VENV)/.venv-made:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.9 - 3.12 found"; \
		echo "  try: apt-get install python3 python3-venv, or make PYTHON=/path/to/python3.11"; exit 5; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) has no venv module"; \
		echo "  try: apt-get install python3-venv"; exit 5; }
	rm -rf $(VENV)
	"$(PYTHON)" -m venv $(VENV)
	touch $@

$(VENV)/.lock: locks/paddle-cpu.txt | $(VENV)/.venv-made
	$(PIP) install --no-deps --progress-bar on -r locks/paddle-cpu.txt
	touch $@

$(VENV)/.test: locks/test.txt $(VENV)/.lock
	$(PIP) install --no-deps -r locks/test.txt
	touch $@

# setuptools comes with the test lock on new Pythons only, so the build may fetch its own
$(VENV)/.kit: setup.py pyproject.toml $(VENV)/.lock
	$(PIP) install --no-deps --editable .
	touch $@

$(VENV)/.release: $(VENV)/.kit
	$(BIN)/ppocr-kit vendor sync
	touch $@

# Exact pins anew from locks/*.in; needs uv.
UV_LOCK := uv pip compile --quiet --universal --python-version 3.9 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links
locks:
	$(UV_LOCK) --override locks/overrides.txt locks/paddle-cpu.in -o locks/paddle-cpu.txt
	grep -v '^paddlepaddle==' locks/paddle-cpu.txt > locks/paddle-gpu.txt
	$(UV_LOCK) -c locks/paddle-cpu.txt locks/test.in -o locks/test.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
