# Needs Python 3.12 (3.11 and 3.13 will do) and make; everything else is fetched from PyPI into
# virtual environments under this directory.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Packages must not carry bytecode of the machine that built them, nor may the tree be littered.
export PYTHONDONTWRITEBYTECODE := 1

BASE_PYTHON := $(shell command -v python3.12 || command -v python3)
PYTHON := .venv/bin/python

.PHONY: help
help:  ## This list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/.run-stamp .venv-aws/.stamp  ## Everything on this machine: makes three payouts, then serves until Ctrl-C
	@$(PYTHON) -m tools.devstack run

.PHONY: demo
demo: .venv/.run-stamp .venv-aws/.stamp  ## The three payouts without serving; exit code 0 when all ended as they should
	@$(PYTHON) -m tools.devstack demo

# With bytecode, outside of the tree: without it each of the many processes compiles everything.
PYTEST := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX="$(CURDIR)/build/bytecode" $(PYTHON) -m pytest

build/dependencies/.stamp: requirements.txt .venv/.stamp
	@$(PYTHON) -m tools.deploy dependencies
	@touch $@

build/bytecode/.stamp: .venv/.stamp
	@"$(BASE_PYTHON)" -I tools/devstack/bytecode.py build/bytecode .venv
	@echo "Compiling the tests, which three workers would do side by side ..."
	@$(PYTEST) --collect-only -qq > /dev/null
	@touch $@

# Three workers on two cores: the two that have the local stack and the browser wait half of the time.
# A fourth makes each of them slower: all together they took a fifth more of the processors.
.PHONY: test
test: venv  ## All tests, in under six minutes on two cores
	$(PYTEST) -n 3 -m "not prove_deploy"

.PHONY: test-fast
test-fast: build/bytecode/.stamp  ## For every save: no emulated AWS, no browser, no long proof; one folder: pytest tests/batches
	$(PYTEST) -n 2 -m "not emulated_aws and not slow" --ignore tests/end_to_end --ignore tests/browser

.PHONY: coverage
coverage: venv  ## All tests with coverage: 95 % of the app, 100 % of its rules
	$(PYTEST) -n 3 --cov --cov-report=
	$(PYTHON) -m coverage report --fail-under=95
	$(PYTHON) -m coverage report --include='chalicelib/*/rules/*' --fail-under=100

.PHONY: prove
prove: venv  ## All that tries to break the promises, and one table of what came of it (half an hour)
	@$(PYTHON) -m proof

.PHONY: prove-mutants
prove-mutants: venv  ## Every part of the proof against every named mutant, whatever has caught it (for the night)
	@$(PYTHON) -m proof.catching --all

SEEDS ?= 1-50
.PHONY: simulate
simulate: venv  ## Simulated days, judged by the checker: make simulate SEEDS=7 (or 1-50, or failed)
	@$(PYTHON) -m proof.days $(SEEDS)

.PHONY: mutate
mutate: venv  ## Change the rules in small ways; its tests must notice, or the list says why not
	@$(PYTHON) -m proof.mutation

.PHONY: prove-deploy
prove-deploy: venv  ## Deploy the production templates into the emulated AWS and call every entry point; then by chalice deploy (3 minutes)
	@$(PYTHON) -m tools.devstack prove
	$(PYTEST) -m prove_deploy tests/end_to_end

.PHONY: contract
contract: venv  ## What we assume of Monoova: asked of the simulator, and of its sandbox if a key is set
	$(PYTHON) -m pytest tests/contract

.PHONY: load
load: venv .venv-load/.stamp  ## Ten and a hundred times today's volume on the local stack; then the promises
	$(PYTHON) -m tests.load

.PHONY: load-batch
load-batch: venv  ## A file of 20,000 payouts through payoutctl and the local stack, twice (20 minutes)
	$(PYTHON) -m tests.load.batch

.PHONY: bench
bench: venv  ## Cold starts, warm requests, calls, reconciliation, a burst (10 minutes; by valgrind, too)
	@$(PYTHON) -m bench

.PHONY: cost
cost: venv  ## What a month costs at 200, 2,000 and 20,000 payouts a day, line by line
	@$(PYTHON) -m tools.cost

STAGE ?= dev
.PHONY: package
package: .venv/.run-stamp  ## The functions' package for Lambda: make package STAGE=prod
	@$(PYTHON) -m tools.deploy package --stage $(STAGE)

.PHONY: infra
infra: .venv/.run-stamp  ## A stage's tables, queues, key and users; then: chalice deploy --stage dev
	@$(PYTHON) -m tools.deploy infra --stage $(STAGE)

.PHONY: deploy
deploy: .venv/.run-stamp  ## A whole stage by CloudFormation; shows each change and asks: make deploy STAGE=prod
	@$(PYTHON) -m tools.deploy all --stage $(STAGE)

REQUIREMENTS := requirements.txt requirements-run.txt requirements-dev.txt \
  tools/devstack/requirements.txt infra/checkov-requirements.txt tests/load/requirements.txt
# A registry that tells of newest versions only: `refused` fails the check, `told` names them.
AUDIT_UNKNOWN ?= told

.PHONY: check
check: venv infra-lint infra-audit check-coldstart  ## Style, types, layers, templates, known vulnerabilities, cold starts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PYTHON) -m tools.lock --check
	$(PYTHON) .ci/audit.py --unknown=$(AUDIT_UNKNOWN) $(REQUIREMENTS)
	$(PYTHON) -m tools.docs_page --check
	$(PYTHON) -m tools.openapi.document --check

.PHONY: check-coldstart
check-coldstart: .venv/.stamp  ## No function starts with more instructions than it may (valgrind counts them)
	@$(PYTHON) -m bench.cold_bars

.PHONY: infra-lint
infra-lint: build/package/prod/template.yaml  ## cfn-lint over the three templates
	.venv/bin/cfn-lint -r ap-southeast-2 -- infra/template.yaml infra/watch.yaml $<

.PHONY: infra-audit
infra-audit: build/package/prod/template.yaml .venv-checkov/.stamp  ## checkov over templates and Terraform; no finding unexplained
	.venv-checkov/bin/checkov --config-file infra/checkov.yaml | tee build/checkov.txt
	@# It goes on, and ends well, where it cannot find or read a file.
	@! grep 'Parsing errors' build/checkov.txt
	@if command -v terraform >/dev/null; then terraform fmt -check -recursive -diff infra/terraform; \
	  else echo "No terraform here: its layout is not checked."; fi

.PHONY: build/package/prod/template.yaml
build/package/prod/template.yaml: .venv/.stamp
	$(PYTHON) -m tools.deploy package --stage prod

.PHONY: lock
lock: .venv/.stamp  ## The requirements files with their digests: make lock UPGRADE="--upgrade-package boto3"
	@$(PYTHON) -m tools.lock $(UPGRADE)

.PHONY: fmt
fmt: .venv/.stamp  ## Format the code and apply automatic fixes
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

.PHONY: docs
docs: .venv/.stamp  ## Write what documentation takes from the code
	$(PYTHON) -m tools.docs.life_cycle_table
	$(PYTHON) -m tools.docs.alarm_table
	$(PYTHON) -m tools.docs.explanation_table
	$(PYTHON) -m tools.cost --write-docs
	$(PYTHON) -m tools.openapi.document

.PHONY: venv
venv: .venv/.stamp .venv-aws/.stamp build/dependencies/.stamp build/bytecode/.stamp  ## The environments: the tools', the emulated AWS's, the functions'

# Each stamp says that the installation into its virtual environment is complete. One command each,
# so that what ends make ends the installation, too.
install = @"$(BASE_PYTHON)" -I tools/devstack/install.py

.venv/.run-stamp: requirements.txt requirements-run.txt pyproject.toml
	$(install) .venv requirements-run.txt $@ --with-payoutctl

.venv/.stamp: requirements.txt requirements-run.txt requirements-dev.txt | .venv/.run-stamp
	$(install) .venv requirements-dev.txt $@

.venv-aws/.stamp: tools/devstack/requirements.txt
	$(install) .venv-aws tools/devstack/requirements.txt $@

.venv-checkov/.stamp: infra/checkov-requirements.txt
	$(install) .venv-checkov infra/checkov-requirements.txt $@

.venv-load/.stamp: tests/load/requirements.txt
	$(install) .venv-load tests/load/requirements.txt $@

.PHONY: clean
clean:  ## Remove what was built; the virtual environments stay (remove .venv and .venv-aws by hand)
	rm -rf build chalicelib/static/console/console.js .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +
