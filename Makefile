# `make book` and `make test` each take a fresh clone to its end: they need Python
# (3.11 to 3.13), make, and a package index, and leave everything in .venv and _build.

PYTHON ?=
PYTEST_OPTIONS ?= -n 2 --dist worksteal

UV := uv==0.13.9
BIN := .venv/bin
INSTALLED := .venv/installed
VERSIONS := 3.11 3.12 3.13

# Answers "is this Python in range, and can it make an environment?"
SUITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

.PHONY: help book test test-all install format totals lock clean

help:
	@echo "make book     install, execute every chapter, build the site in _build/html"
	@echo "make test     install, check style and types, run chapters and tests"
	@echo "make test-all the same with the largest graphs and longest suites"
	@echo "make install  only make .venv with the locked versions"
	@echo "make format   format the code and refresh the notebooks"
	@echo "make totals   compute the scoreboard's totals in README and the first page"
	@echo "make lock     resolve the versions in locks/ anew"
	@echo "make clean    remove .venv and _build"
	@echo "PYTHON=/path/to/python chooses another Python (3.11 to 3.13)."

book: $(INSTALLED)
	$(BIN)/mindgap book all

# The chapters run beside the tests, so that both cores stay busy, and are compiled without
# XLA's expensive optimisations, as the tests are; what one of them compiles is kept for
# all. The tests of the built site come last. The fusion emitters are most of what is left
# of compiling; `make test-all` compiles with them, as users do.
QUICK := JAX_DISABLE_MOST_OPTIMIZATIONS=1 JAX_COMPILATION_CACHE_DIR=$(CURDIR)/_build/xla \
  JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
test: export XLA_FLAGS := --xla_cpu_use_fusion_emitters=false $(XLA_FLAGS)
test: CASES = not gpu and not large
test-all: CASES = not gpu
test test-all: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	@mkdir -p _build
	@{ $(QUICK) $(BIN)/mindgap book run -p profile=quick && \
	  $(BIN)/mindgap book site; } \
	  > _build/chapters.log 2>&1 & chapters=$$!; \
	$(BIN)/pytest -m "$(CASES)" $(PYTEST_OPTIONS) --ignore=tests/book/test_site.py; \
	tests=$$?; wait $$chapters; built=$$?; \
	cat _build/chapters.log; [ $$tests = 0 ] && [ $$built = 0 ]
	$(BIN)/pytest -m "$(CASES)" $(PYTEST_OPTIONS) tests/book/test_site.py

install: $(INSTALLED)

$(INSTALLED): pyproject.toml $(wildcard locks/*.txt)
	@set -e; \
	for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	  if "$$python" -c "$(SUITS)" 2>/dev/null; then \
	    echo "making .venv with $$("$$python" --version)"; \
	    "$$python" -m venv --clear .venv; \
	    exit 0; \
	  fi; \
	done; \
	echo "no Python from 3.11 to 3.13 with venv and pip among:" \
	  "$(or $(PYTHON),python3.13 python3.12 python3.11 python3)." \
	  "Name one with PYTHON=/path/to/python" >&2; \
	exit 1
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	version=$$($(BIN)/python -c "import sys; print('%d.%d' % sys.version_info[:2])"); \
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python \
	  -r locks/requirements-$$version.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $(INSTALLED)

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mindgap book notebooks

totals: $(INSTALLED)
	$(BIN)/python -c "from pathlib import Path; from mindgap.paper import scoreboard; \
	scoreboard.publish(Path())"

lock: $(INSTALLED)
	for version in $(VERSIONS); do \
	  $(BIN)/uv pip compile --quiet --upgrade pyproject.toml --all-extras \
	    --constraints locks/constraints.txt --python-version $$version \
	    --no-emit-index-url --no-header \
	    -o locks/requirements-$$version.txt || exit 1; \
	done

clean:
	rm -rf .venv _build
