PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup run test check messages nodeset bench format clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[postgresql]' --group dev
	touch $@

setup: $(STAMP)  ## create .venv with the pinned set

run: $(STAMP)  ## run the embedded default site
	$(BIN)/hptwin run $(ARGS)

test: $(STAMP)  ## run all tests
	tools/install-test-system.sh
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile $(ARGS)

check: $(STAMP)  ## format, lint, types, layers, generated pages, translations
	$(BIN)/python tools/links.py
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p heatpump_twin --any-exprs-report build/types
	$(BIN)/python tools/any_share.py
	PYTHONPATH=build/links $(BIN)/lint-imports
	$(BIN)/python tools/house.py
	$(BIN)/python tools/reference_pages.py --check
	$(BIN)/python -m heatpump_twin.server.nodeset.generator --check
	$(BIN)/python tools/translations.py --check

messages: $(STAMP)  ## bring the translations' template and PO files up to date
	$(BIN)/python tools/translations.py

nodeset: $(STAMP)  ## write the type model's NodeSet2 and its NodeIds from server/nodeset/model.yaml
	$(BIN)/python -m heatpump_twin.server.nodeset.generator

format: $(STAMP)  ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## measure, against peers in the same run
	$(BIN)/python -m bench $(ARGS)

clean:  ## remove everything that was made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info src/*.egg-info
