# make demo: install, colour a sketch with the built-in model.  make test: install, run the tests.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint clean

demo: .venv/installed
	rm -rf demo && mkdir demo
	$(BIN)/condcolor colorize examples/sketches/ada.png --hair red --shirt blue -o demo/ada.png
	$(BIN)/condcolor variants examples/sketches/ada.png -o demo/ada-variants.png
	@echo "Look at demo/ada.png (red hair, blue shirt) and demo/ada-variants.png (all 25 variants)."

test: .venv/installed
	$(BIN)/python -m pytest

lint: .venv/installed
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv demo build dist *.egg-info
