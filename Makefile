# The two commands: `make demo` runs the main job, `make test` passes the tests. `make help` lists the rest.
SHELL := /bin/bash
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
HOSTS ?= 1000
VMS ?= 1000
WORKERS ?= 50
KEEP ?= auto
JSON ?= 0
WORKERS_TEST ?= 2

.PHONY: help setup demo test check format coverage soak surface migration clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready ## build the virtual environment

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Lakh needs Python 3.11 or newer; this is " + sys.version)'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing: install the package python3-venv (Debian, Ubuntu) and run again" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' >&2
	@touch $@

demo: setup ## run a cloud: server, agents, VMs (HOSTS, VMS, WORKERS, KEEP, JSON)
	@$(BIN)/lakh demo --hosts $(HOSTS) --vms $(VMS) --workers $(WORKERS) \
	  $(if $(filter 1 true yes,$(KEEP)),--keep) $(if $(filter 0 false no,$(KEEP)),--no-keep) $(if $(filter 1 true yes,$(JSON)),--json)

test: setup ## the tests that every change must pass
	@$(BIN)/python -m pytest -n $(WORKERS_TEST) -m 'not soak' $(ARGS)

check: setup ## format, lint, strict types, import rules, house rules
	@$(BIN)/ruff format --check src tests
	@$(BIN)/ruff check src tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/tidy.py

format: setup ## format and sort imports in place
	@$(BIN)/ruff check --fix --quiet src tests || true
	@$(BIN)/ruff format --quiet src tests

# Tests that never call the API, and so prove nothing of it.
WITHOUT_API := agent bus contract fleet flows gateway placement sim store wire

coverage: setup ## run the tests and rewrite docs/coverage.md from what they prove of the API
	@rm -rf build/api-coverage
	@LAKH_API_COVERAGE=build/api-coverage $(BIN)/python -m pytest -p tests.coverage.recorder -n $(WORKERS_TEST) -m 'not soak' \
	  --deselect tests/coverage/test_document.py::test_the_document_names_every_declared_command \
	  $(addprefix --ignore=tests/,$(WITHOUT_API)) $(ARGS)
	@$(BIN)/python -m tests.coverage build/api-coverage

soak: setup ## slow scenarios: crash seeds, the whole suite on PostgreSQL
	@$(BIN)/python -m pytest -n $(WORKERS_TEST) -m soak $(ARGS)
	@LAKH_TEST_STORE=postgresql $(BIN)/python -m pytest -n $(WORKERS_TEST) -m 'not soak' $(ARGS)

surface: setup ## rewrite the golden surface of the API, and what docs/coverage.md and docs/settings.md say is there
	@$(BIN)/python -m lakh.contract.surface
	@$(BIN)/python -m tests.coverage.settings_read
	@$(BIN)/python -m tests.coverage

migration: setup ## rewrite revision 0001 from the declared tables (before the first release)
	@$(BIN)/python -m lakh.store.baseline

clean: ## remove the virtual environment and caches
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
