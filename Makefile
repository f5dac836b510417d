# make demo: install what colours, colour a sketch and a photograph with the built-in models.
# make test: install all, run the tests.  Both use .venv, in any order.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --constraint constraints.txt
# torch without CUDA, several GB smaller; make test TORCH_INDEX=https://pypi.org/simple takes the one with it
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: demo test lint clean

demo: .venv/light
	rm -rf demo && mkdir demo
	$(BIN)/condcolor colorize examples/sketches/ada.png --hair red --shirt blue -o demo/ada.png
	$(BIN)/condcolor variants examples/sketches/ada.png -o demo/ada-variants.png
	$(BIN)/condcolor colorize examples/photographs/collins.jpg --model photo -o demo/collins.png
	@echo "Look at demo/ada.png (red hair, blue shirt), demo/ada-variants.png (all 25 variants)"
	@echo "and demo/collins.png (a grey photograph in colour)."

test: .venv/all
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist worksteal

lint: .venv/all
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/light: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --editable .
	touch $@

# torch first and alone: the other packages are not looked for in its index
.venv/all: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --retries 1 --extra-index-url $(TORCH_INDEX) torch torchvision
	$(PIP) --editable '.[dev]'
	touch .venv/light $@

clean:
	rm -rf .venv demo build dist *.egg-info

# make docs: the documentation site in build/site.  make dist: sdist and wheel in dist/, checked and tried in an empty environment.
.PHONY: docs dist

docs: build/docs/installed
	build/docs/bin/python -m mkdocs build --strict

build/docs/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv build/docs
	build/docs/bin/pip install --quiet --constraint constraints.txt --editable '.[docs]'
	touch $@

dist:
	rm -rf dist build/tools build/empty
	$(PYTHON) -m venv build/tools
	build/tools/bin/pip install --quiet build twine
	build/tools/bin/python -m build --outdir dist
	build/tools/bin/twine check --strict dist/*
	$(PYTHON) -m venv build/empty
	build/empty/bin/pip install --quiet --constraint constraints.txt dist/*.whl
	build/empty/bin/condcolor colorize examples/sketches/ada.png --hair red --shirt blue --overwrite -o build/ada.png
	build/empty/bin/condcolor colorize examples/photographs/collins.jpg --overwrite -o build/collins.png
