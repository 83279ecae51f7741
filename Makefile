# make demo, make test, ...: each makes the virtual environment that it needs in .venv/, one per
# Python version, and refreshes it when the dependencies in setup.cfg may have changed.
#
#   make test PYTHON=python3.12     another interpreter
#   make test TESTS=tests/unit      some of the tests
#   make test JOBS=4                more processes

PYTHON ?= python3
TESTS ?= tests
JOBS ?= 2
DEMO_OUT ?= demo_results

INTERPRETER := $(shell .ci/interpreter $(PYTHON))
ifeq ($(INTERPRETER),)
  ifeq ($(filter clean help,$(MAKECMDGOALS)),)
    $(error no usable Python; name one with PYTHON=)
  endif
endif
VERSION := $(shell test -z "$(INTERPRETER)" || "$(INTERPRETER)" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
VENV := .venv/$(VERSION)
BIN := $(VENV)/bin

.PHONY: help demo test test-genn lint format docs docs-gallery wheel clean environments main-environment
.DEFAULT_GOAL := help

help:
	@echo "make demo       install into .venv/ and run one microcircuit in both branches"
	@echo "make test       run the tests"
	@echo "make test-genn  run the unit and agreement tests with Brian2 2.5 and brian2genn (Python 3.11)"
	@echo "make lint       ruff, mypy, import-linter"
	@echo "make format     let ruff mend what it can"
	@echo "make docs       build the documentation into docs/_build/html"
	@echo "make docs-gallery  run the model scripts and draw their figures again (half an hour)"
	@echo "make wheel      build the distributions into dist/, with the pages of dualframe list and show"
	@echo "make clean      remove environments, builds and results"
	@echo "PYTHON=python3.12 chooses another interpreter"

demo: $(VENV)/core.stamp
	$(BIN)/python circuits/figures/plot_demo.py --out "$(DEMO_OUT)" --force
	@echo "The results are in $(DEMO_OUT)/: open $(DEMO_OUT)/*.png"

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(TESTS)

test-genn: TESTS = tests/unit tests/agreement
test-genn: $(VENV)-genn/genn,test.stamp
	$(VENV)-genn/bin/python -m pytest -n $(JOBS) --dist loadfile $(TESTS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg --no-cache

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/docs.stamp
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html
	@echo "The documentation is in docs/_build/html/index.html"

docs-gallery: $(VENV)/docs.stamp
	$(BIN)/python docs/gallery_figures.py

wheel: $(VENV)/dev.stamp
	$(BIN)/python -m dualframe.cli.shipped_pages
	$(BIN)/python -m build

clean:
	rm -rf .venv build dist dualframe/cli/pages.json docs/_build docs/api/generated docs/catalogue docs/catalogue_figures docs/gallery demo_results *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# what continuous integration uses; one after the other where they share an environment
environments: main-environment $(VENV)-genn/genn,test.stamp

main-environment:
	$(MAKE) --no-print-directory $(VENV)/dev.stamp
	$(MAKE) --no-print-directory $(VENV)/docs.stamp
	$(MAKE) --no-print-directory $(VENV)/test.stamp

# .venv/3.11/test.stamp: the environment of Python 3.11 holds dualframe (editable) and its extra `test`.
.PRECIOUS: .venv/%.stamp
.venv/%.stamp: setup.cfg pyproject.toml
	@echo "Preparing $(@D) with dualframe[$(basename $(@F))] (a few minutes the first time)"
	"$(INTERPRETER)" -m venv "$(@D)"
	"$(@D)/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".$(patsubst %,[%],$(filter-out core,$(basename $(@F))))"
	@"$(@D)/bin/python" -m dualframe.cli.shipped_pages
	@touch "$@"
