# Every target works on a fresh clone with Python 3.11 or newer, make and git: `setup` comes first by itself.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --no-emit-package taxiway-api

# The stamp names the directory that .venv was completed in. One that was moved, copied or left half made
# has no such stamp, one whose Python is gone cannot run: each is made again from nothing.
COMPLETED_IN := $(shell test -x $(BIN)/python && cat $(STAMP) 2>/dev/null)
ifneq ($(COMPLETED_IN),$(CURDIR))
.PHONY: $(STAMP)
endif

.PHONY: help setup serve token test prove bench lint docs protos lock clean

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '%-12s %s\n' "$$name" "$$text"; done

setup: $(STAMP) ## set .venv up with the pinned dependencies (every target below does it when needed)
	@echo ".venv is ready."

serve: $(STAMP) ## serve on 127.0.0.1:50051, with a PostgreSQL of its own unless TAXIWAY_DATABASE_URL is set
	@exec $(BIN)/taxiway serve

# What is said while .venv is set up goes to standard error: `TOKEN=$(make token)` takes what is on standard output.
token: ## sign in to the embedded database: prints an access token, alone on standard output
	@$(MAKE) --silent --no-print-directory $(STAMP) >&2
	@exec $(BIN)/taxiway token

test: $(STAMP) ## every guarantee once, in its short form, on two cores (under 5 minutes)
	@exec $(BIN)/pytest -m "not prove" -n 2 --dist loadfile

prove: $(STAMP) ## the repetitions and sizes behind the guarantees (under 30 minutes)
	@exec $(BIN)/pytest -m prove

bench: $(STAMP) ## measure the service: a table and JSON
	@exec $(BIN)/python -m benchmarks

lint: $(STAMP) ## style, types, import contracts, protos, Dockerfile and the SQL of the migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python protos/lint.py
	$(BIN)/hadolint Dockerfile
	sql=$$($(BIN)/taxiway db sql) && printf '%s\n' "$$sql" | $(BIN)/squawk --stdin-filepath migrations.sql

docs: $(STAMP) ## write docs/schema.md again from the metadata
	$(BIN)/python docs/generate_schema.py

protos: $(STAMP) ## make the stubs in protos/stubs again from protos/taxiway
	$(BIN)/python protos/generate.py

lock: $(STAMP) ## pin again what pyproject.toml asks for (OPTIONS=--upgrade takes the newest versions)
	$(COMPILE) $(OPTIONS) --group dev --extra embedded pyproject.toml -o requirements.lock
	$(COMPILE) -c requirements.lock pyproject.toml -o requirements-image.lock
	echo hatchling | $(COMPILE) -c requirements.lock - -o requirements-build.lock

clean: ## remove .venv, caches and built packages, never the data in .taxiway
	rm -rf $(VENV) build dist protos/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . \( -name .git -o -name .taxiway \) -prune -o -name __pycache__ -prune -exec rm -rf {} +

# Without its stamp an interrupted installation counts as half made, so the stamp goes first and comes last.
$(STAMP): requirements.lock pyproject.toml protos/pyproject.toml
ifneq ($(COMPLETED_IN),$(CURDIR))
	@for python in $(PYTHON) ''; do \
		"$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Taxiway needs Python 3.11 or newer with its venv module (Debian: python3-venv); none of these is one: $(PYTHON)." >&2; \
		exit 2; \
	fi; \
	echo "Making .venv with $$("$$python" --version) ..."; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV)
endif
	@rm -f $(STAMP)
	@echo "Installing the pinned dependencies into .venv (the first time this takes a minute) ..."
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e . -e protos
	@pwd -P > $(STAMP)
