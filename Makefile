# Two commands for a newcomer: `make demo` and `make test`. Everything lives in .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo install test slow faults quick lint types check bench clean

demo: install          ## paint a collection, render a film, find its paintings again
	$(BIN)/r2r demo

install: .venv/.installed  ## .venv with everything in it

# Compiled once, here: where PYTHONDONTWRITEBYTECODE is set, every worker that starts would compile torch and all else
# anew, for ten seconds.
.venv/.installed: pyproject.toml constraints.txt overrides.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt \
	  --override overrides.txt --group dev --editable '.[all]'
	touch $@

test: install          ## the suite, against real servers and real workers; what takes minutes is in slow and faults
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

slow: install          ## proofs that take a minute each: buckets, every service of deploy/, backup and restore
	$(BIN)/python -m pytest -m slow

faults: install        ## the promises, while servers and workers are killed; about ten minutes more
	$(BIN)/python -m pytest tests/acceptance/faults -m faults

quick: install         ## what a change is checked with while it is being made
	$(BIN)/python -m pytest tests/unit

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: install
	$(BIN)/pyright
	$(BIN)/pyright --project workers

check: lint types test slow faults

bench: install         ## every figure the README quotes, as a table
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf .venv r2r-demo
