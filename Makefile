# Two commands for a fresh machine: `make quickstart` and `make test`. Everything else is for people who
# change the kit. Needs make, bash and a Python 3.9 - 3.12 with venv; brings the rest into .venv.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help quickstart install kit release onnx label lanes test lint locks clean

# Settings of the user that are meant for other environments than the one made here.
unexport PYTHONPATH PYTHONHOME
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
SEED ?= 0
PYTEST_ARGS ?=
# Processes that tests run in; each trains with one thread.
JOBS ?= 2

# The first of these that is a supported Python makes the environment; PYTHON=… names another. Where it
# is a shim or an environment itself, what counts is the Python behind it.
PYTHON ?= python3 python3.12 python3.11 python3.10 python3.9
SUPPORTED := import sys; (3, 9) <= sys.version_info[:2] <= (3, 12) or sys.exit(1)
FOUND := $(shell for python in $(PYTHON); do \
	"$$python" -c '$(SUPPORTED); print(getattr(sys, "_base_executable", "") or sys.executable)' \
	2>/dev/null && break; done)

# The lane of torch, where this Python is new enough for it.
TORCH := $(shell "$(FOUND)" -c 'import sys; sys.version_info >= (3, 10) and print("vl")' 2>/dev/null)

# Paddle's wheels bring everything but the OpenMP runtime of the system's compiler.
OPENMP := import ctypes, sys; sys.platform != "linux" or ctypes.CDLL("libgomp.so.1")

# Stamps carry the checksum of what they were made from, so that the same content is never installed
# twice, whatever the time stamps say, and another Python, folder or lock starts from nothing.
MADE := $(VENV)/.made-$(shell { pwd; "$(FOUND)" -VV || true; cat locks/paddle-cpu.txt; } 2>/dev/null | cksum | cut -d' ' -f1)
TESTS := $(VENV)/.tests-$(shell cksum < locks/test.txt | cut -d' ' -f1)
ONNX := $(VENV)/.onnx-$(shell cksum < locks/onnx.txt | cut -d' ' -f1)
LABEL := $(VENV)/.label-$(shell cksum < locks/label.txt | cut -d' ' -f1)
KIT := $(VENV)/.kit-$(shell cat setup.py pyproject.toml | cksum | cut -d' ' -f1)

help:
	@echo "make quickstart   install, then the whole flow on synthetic pages (SEED=0)"
	@echo "make test         install, then all tests (PYTEST_ARGS='-k split'; --slow: the large models too)"
	@echo "make lint         ruff format, ruff check, mypy --strict"
	@echo "make install      environment, kit and PaddleOCR release only"
	@echo "make onnx         what ONNX exports and faster prediction need: about 0.3 GB"
	@echo "make label        PPOCRLabel for ppocr-kit label: about 0.2 GB"
	@echo "make lanes        environments for key information and PaddleOCR-VL: about 4 GB"
	@echo "make locks        exact pins anew from locks/*.in (needs uv)"
	@echo "make clean        remove the environment and what tools left behind"

quickstart: release
	$(BIN)/ppocr-kit quickstart --seed $(SEED)

test: release lanes $(ONNX) $(LABEL) $(TESTS)
	PPOCR_KIT_TESTED_LANES="kie $(TORCH)" OMP_NUM_THREADS=1 \
		$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(PYTEST_ARGS)
	for lane in $(TORCH); do \
		python=$$($(BIN)/ppocr-kit env path $$lane); \
		$$python -m pip install --quiet --no-deps -r locks/test.txt; \
		OMP_NUM_THREADS=1 $$python -m pytest -n $(JOBS) --dist loadgroup tests/vl_engine; done

lint: $(KIT) $(TESTS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

install: release

# beside the environment: the converter, onnxruntime and OpenVINO
onnx: $(KIT) $(ONNX)

# beside the environment: PPOCRLabel and PyQt5 (locks/label.txt repeats the pins of the other lock)
label: $(KIT) $(LABEL)

# the environments of key information and of PaddleOCR-VL, where every checkout finds them
lanes: $(KIT)
	$(BIN)/ppocr-kit env sync kie & made=$$!; \
	for lane in $(TORCH); do $(BIN)/ppocr-kit env sync $$lane; done; wait $$made

# without the release, for machines where that comes from a file
kit: $(KIT)

# does nothing where the release is there and whole
release: $(KIT)
	$(BIN)/ppocr-kit vendor sync

$(MADE):
	@test -n "$(FOUND)" || { \
		echo "error: none of these is a Python 3.9 - 3.12: $(PYTHON)" >&2; \
		echo "  try: apt-get install python3 python3-venv, or make PYTHON=/path/to/python3.11" >&2; exit 5; }
	@missing=; \
	"$(FOUND)" -c 'import ensurepip, venv' 2>/dev/null || missing+=" python3-venv"; \
	"$(FOUND)" -c '$(OPENMP)' 2>/dev/null || missing+=" libgomp1"; \
	test -z "$$missing" || { \
		echo "error: this machine lacks what pip cannot bring:$$missing (looked at $(FOUND))" >&2; \
		echo "  try: apt-get install$$missing, or the packages of your system with these names" >&2; exit 5; }
	@echo "== $(VENV) from $(FOUND) and locks/paddle-cpu.txt: about 1.8 GB, a minute or more"
	rm -rf $(VENV)
	"$(FOUND)" -m venv $(VENV)
	$(PIP) install --no-deps -r locks/paddle-cpu.txt
	@touch $@

$(ONNX): $(MADE)
	$(PIP) install --no-deps -r locks/onnx.txt
	@touch $@

$(LABEL): $(MADE)
	$(PIP) install --no-deps -r locks/label.txt
	@touch $@

$(TESTS): $(MADE)
	$(PIP) install --no-deps -r locks/test.txt
	@touch $@

# setuptools is in the lock, so that nothing unpinned is fetched for the build
$(KIT): $(MADE)
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

UV_LOCK := uv pip compile --quiet --universal --python-version 3.9 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links
locks:
	$(UV_LOCK) --override locks/overrides.txt locks/paddle-cpu.in -o locks/paddle-cpu.txt
	{ cat locks/paddle-gpu.in; grep -v '^paddlepaddle==' locks/paddle-cpu.txt; } > locks/paddle-gpu.txt
	$(UV_LOCK) --override locks/overrides.txt locks/kie-cpu.in -o locks/kie-cpu.txt
	$(subst version 3.9,version 3.10,$(UV_LOCK)) --override locks/overrides-vl.txt locks/vl-cpu.in -o locks/vl-cpu.txt
	$(UV_LOCK) -c locks/paddle-cpu.txt --override locks/overrides.txt locks/onnx.in -o locks/onnx.txt
	$(UV_LOCK) -c locks/paddle-cpu.txt --override locks/overrides-label.txt locks/label.in -o locks/label.txt
	$(UV_LOCK) -c locks/paddle-cpu.txt locks/test.in -o locks/test.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
