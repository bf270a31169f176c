# `make` lists what there is to do. Needs Python 3.11 or newer, git and make; everything else goes into .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-long check kill-test pace-test bench bench-long bench-cluster bench-millions bench-import bounces lint format docs screenshots languages lock wheel clean api-test

BIN := .venv/bin
RUN_READY := .venv/.ready-run
DEV_READY := .venv/.ready-dev
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ARGS ?=
STORE ?= sqlite
WORKERS ?= 3
# Tests wait for the disk more than for anything else; where memory can stand for one, they need not.
TEMPORARY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 { print "/dev/shm" }')
KILLS ?= 200
RATE ?= 200
ROWS ?= 1000000

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '%-18s %s\n' "$$target" "$$text"; done

demo: $(RUN_READY) ## everything once, on sample articles and a mail server of its own; ARGS=--once ends by itself
	@$(BIN)/syndicate demo $(ARGS)

# What is compiled is kept, for it is compiled for each of the workers and for each command that a test runs.
test: $(DEV_READY) ## the tests
	@PYTHONDONTWRITEBYTECODE= TMPDIR=$${TMPDIR:-$(TEMPORARY)} $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

test-long: $(DEV_READY) ## the same in more ways, with twenty times as many examples where a test makes up its own
	@$(MAKE) --no-print-directory test ARGS='--hypothesis-profile=long -m "" $(ARGS)'

check: lint test ## lint and test

kill-test: $(DEV_READY) ## kill a sending process KILLS=200 times, and see that nobody is lost; CLUSTER=1 workers and PostgreSQL
	@$(BIN)/python -m tests.kill --kills $(KILLS) $(if $(CLUSTER),--cluster) $(ARGS)

pace-test: $(DEV_READY) ## WORKERS=3 processes send RATE=200 mails a second together, and one of them dies; a minute
	@$(BIN)/python -m tests.kill --pace $(RATE) --workers $(WORKERS) $(ARGS)

bench: $(DEV_READY) ## measure it beside other ways to send mail, some minutes; ARGS='--only engine'
	@$(BIN)/python -m benchmarks $(ARGS)

bench-long: $(DEV_READY) ## the same with more messages and more rounds
	@$(BIN)/python -m benchmarks --long $(ARGS)

bench-cluster: $(DEV_READY) ## measure 1, 2 and 4 workers on PostgreSQL, beside the embedded default
	@$(BIN)/python -m benchmarks --only cluster $(ARGS)

bench-millions: $(DEV_READY) ## measure a newsletter with ROWS=1000000 readers on PostgreSQL
	@$(BIN)/python -m benchmarks.millions --rows $(ROWS) $(ARGS)

bench-import: $(DEV_READY) ## measure how fast ROWS=1000000 subscribers are imported; STORE=postgresql
	@$(BIN)/python -m benchmarks.roster --rows $(ROWS) --store $(STORE) $(ARGS)

api-test: $(DEV_READY) ## ask every operation of the API whatever its document allows, and what not; ARGS='--examples 500'
	@$(BIN)/python -m tests.web.api $(ARGS)

bounces: $(DEV_READY) ## measure how returned mail is read; CORPUS=folder with mails and labels.json
	@$(BIN)/python -m benchmarks.bounces $(CORPUS) $(ARGS)

lint: $(DEV_READY) ## formatting, linter, types and floors
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV_READY) ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: $(DEV_READY) ## renew the pages that are written from the code
	@$(BIN)/python docs/make_settings.py
	@$(BIN)/python docs/make_commands.py
	@$(BIN)/python docs/make_openapi.py

screenshots: $(DEV_READY) ## draw docs/images/console anew; needs Chromium; ARGS=today draws that page alone
	@PYTHONPATH=. $(BIN)/python docs/make_screenshots.py $(ARGS)

languages: $(DEV_READY) ## bring the catalogues in templates/languages up to date; ARGS=mk begins another language
	@$(BIN)/python docs/make_languages.py $(ARGS)

lock: ## renew requirements/*.txt (needs uv)
	@requirements/lock.sh

wheel: $(DEV_READY) ## build dist/*.whl
	@$(BIN)/python -m hatchling build -t wheel

clean: ## remove .venv and all that was built or cached
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "making .venv with $$("$$python" --version)"; \
			"$$python" -m venv .venv && exit 0; \
			rm -rf .venv; exit 1; \
		fi; \
	done; \
	echo "Python 3.11 or newer is needed, and none was found: python3 is $$(python3 --version 2>&1)" >&2; exit 1

# The project itself is linked, not copied: its code is used as it stands here.
$(RUN_READY): requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "installing what syndicate runs on"
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_READY): requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "installing what syndicate is developed with"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@ $(RUN_READY)
