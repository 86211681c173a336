# Every target sets up what it needs and is quick when nothing has changed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test test-slow fuzz lint docs site screenshots bench bench-memory bench-advice faults soak clean

demo: $(READY)
	$(BIN)/advisor search digits --budget 60s

test: $(READY)
	$(BIN)/pytest --numprocesses 2 --dist loadfile

test-slow: $(READY)
	$(BIN)/pytest -m slow

fuzz: $(READY)
	$(BIN)/pytest -m fuzz

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python lint/circles.py advisor studies dashboard
	$(BIN)/python lint/names.py advisor studies dashboard benchmarks docs examples lint

docs: $(READY)
	$(BIN)/python -m docs.write

site: $(READY)
	$(BIN)/zensical build --strict
	@echo "open build/site/index.html, or: python -m http.server --directory build/site"

screenshots: $(READY)
	$(BIN)/python docs/screenshots.py

bench: $(READY)
	$(BIN)/python -m benchmarks.overhead
	$(BIN)/python -m benchmarks.prior
	$(BIN)/python -m benchmarks.digits
	$(BIN)/python -m benchmarks.contest --seeds 1 --contestants ours,plain,tpe+median,hyperband,random,one-epoch

bench-memory: $(READY)
	$(BIN)/python -m benchmarks.memory

bench-advice: $(READY)
	$(BIN)/python -m benchmarks.advice

faults: $(READY)
	$(BIN)/pytest -m slow tests/faults
	$(BIN)/python -m benchmarks.faults

soak: $(READY)
	$(BIN)/python -m benchmarks.soak

clean:
	rm -rf .venv .advisor .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "optimizer-advisor needs Python 3.11 or newer; try: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@
