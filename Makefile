PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())')
# The environment of another Python than the default one stands beside it.
VENV := $(if $(filter python3,$(PYTHON)),.venv,.venv-$(VERSION))
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(VERSION)
# More workers than the two cores of a small machine, as tests wait a lot; the longest files first.
WORKERS := --numprocesses 5 --dist loadfile --no-loadscope-reorder
PYTEST := $(BIN)/python -m pytest $(WORKERS)
STAGES := format lint types layers house imports reference nodeset translations

.PHONY: help setup run test test-fast test-long test-busy coverage check links pictures generate messages nodeset \
	bench format clean $(STAGES:%=check-%)
.DEFAULT_GOAL := help
# Where it is set, as in many images of Python, each process that a test starts compiles every module
# anew: a third of what a whole run takes.
unexport PYTHONDONTWRITEBYTECODE

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(if $(wildcard $(STAMP)),,--clear) $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[charts,parquet,pdf,postgresql]' --group dev
	touch $@

setup: $(STAMP)  ## create .venv with the pinned set

run: $(STAMP)  ## run the embedded default site
	$(BIN)/hptwin run $(ARGS)

test: $(STAMP)  ## run all tests but the long ones; PYTHON=python3.13 runs them on another Python
	tools/install-test-system.sh
	$(PYTEST) $(ARGS)

test-fast: $(STAMP)  ## run the tests that start no whole twin, no browser, no build, and no hundred devices at once
	$(PYTEST) --ignore tests/runtime --ignore tests/hmi --ignore tests/packaging --ignore tests/harness $(ARGS)

test-long: $(STAMP)  ## run the campaigns that take too long for every change
	$(PYTEST) -m long $(ARGS)

test-busy: $(STAMP)  ## run all tests beside four busy loops a core
	tools/install-test-system.sh
	$(BIN)/python tools/beside_load.py $(PYTEST) $(ARGS)

coverage: $(STAMP)  ## run all tests and print which lines of the product they do not reach
	tools/install-test-system.sh
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(WORKERS) $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/python tools/room_coverage.py

check: $(STAMP)  ## format, lint, types, layers, generated pages, translations: all of it, then fail
	@$(MAKE) --no-print-directory --keep-going $(STAGES:%=check-%)

check-format: $(STAMP)
	$(BIN)/ruff format --check .

check-lint: $(STAMP)
	$(BIN)/ruff check .

check-types: links
	$(BIN)/mypy -p heatpump_twin --any-exprs-report build/types
	$(BIN)/python tools/any_share.py

check-layers: links
	PYTHONPATH=build/links $(BIN)/lint-imports

check-house: $(STAMP)
	$(BIN)/python tools/house.py

check-imports: $(STAMP)
	$(BIN)/deptry config drivers hmi models rules server src twin_engine
	$(BIN)/deptry --exclude build --ignore DEP002,DEP004 tests/support tests tools bench

check-reference: $(STAMP)
	$(BIN)/python tools/reference_pages.py --check

check-nodeset: $(STAMP)
	$(BIN)/python -m heatpump_twin.server.nodeset.generator --check
	$(BIN)/python tools/type_nodes.py --check

check-translations: $(STAMP)
	$(BIN)/python tools/translations.py --check

pictures: $(STAMP)  ## take a picture of each page of the HMI, light and dark, into build/pictures
	$(BIN)/python -m pytest tests/hmi/test_pictures.py $(ARGS)

links: $(STAMP)
	$(BIN)/python tools/links.py

generate: nodeset messages  ## write all that is generated: type model, messages, reference pages
	$(BIN)/python tools/reference_pages.py

messages: $(STAMP)  ## bring the translations' template and PO files up to date
	$(BIN)/python tools/translations.py

nodeset: $(STAMP)  ## write the type model's NodeSet2, its NodeIds and type nodes from server/nodeset/model.yaml
	$(BIN)/python -m heatpump_twin.server.nodeset.generator
	$(BIN)/python tools/type_nodes.py

format: $(STAMP)  ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## measure, against peers in the same run
	PYTHONPATH=tests/support $(BIN)/python -m bench $(ARGS)

clean:  ## remove everything that was made
	rm -rf .venv .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* *.egg-info src/*.egg-info
