# `make` prints this list. Every target sets up what it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup native lock fmt check test test-random kafka kafka-stop test-kafka test-mysql bench profile demo composition-reference change-reference plan-quality digest docs clean

help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## create .venv with everything locked in requirements.lock; the command is .venv/bin/dictamesh

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "DictaMesh needs Python 3.11 or newer; point make at one with PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo 'Now the planner is compiled, if there is a C compiler: about a minute. DICTAMESH_NATIVE=0 leaves it out.'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

native: $(STAMP) ## compile the planner again after a change to it (until then its sources run: the same, slower)
	@$(BIN)/python hatch_build.py

lock: $(STAMP) ## refresh requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements.lock

fmt: $(STAMP) ## format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: $(STAMP) ## format, lint, strict types, import directions; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(STAMP) ## every test that needs no Kafka (ARGS passes options to pytest)
	$(BIN)/pytest -n 2 --dist loadgroup -m "not kafka" $(ARGS)

test-random: $(STAMP) ## compare answers on random graphs with the unsplit schema's (ARGS="--cases 100000 --seed 7")
	nice $(BIN)/python -m tests.testkit.random_graphs $(ARGS)

kafka: $(STAMP) ## fetch Apache Kafka by Maven, start one broker on this machine, print its address (needs Java 17 and Maven)
	@$(BIN)/python tools/kafka/broker.py start

kafka-stop: $(STAMP) ## stop that broker
	@$(BIN)/python tools/kafka/broker.py stop

test-kafka: kafka ## the tests that need Apache Kafka, against that broker (ARGS passes options to pytest)
	DICTAMESH_TEST_KAFKA=$$($(BIN)/python tools/kafka/broker.py address) $(BIN)/pytest -m kafka $(ARGS)

test-mysql: $(STAMP) ## the tests that need MySQL's wire, against MariaDB fetched by Maven (Linux; ARGS passes options to pytest)
	$(BIN)/python tools/mariadb/run.py $(BIN)/pytest -m mysql $(ARGS)

bench: native ## measure the parts apart (ARGS=--only gateway); composition beside the reference after `npm ci` in tools/composition-bench
	$(BIN)/python -m tests.benchmarks $(ARGS)

profile: native ## where a gateway under load spends its time (ARGS=--small, --seconds 20, --raw FILE)
	$(BIN)/python -m tests.benchmarks.profile $(ARGS)

demo: $(STAMP) ## bring up the whole mesh and show it (ARGS=--once ends after the tour)
	$(BIN)/dictamesh demo $(ARGS)

docs: $(STAMP) ## write the generated pages of docs/ anew
	$(BIN)/python tools/docs/composition_codes.py
	$(BIN)/python tools/docs/schema_changes.py

composition-reference: $(STAMP) ## record anew what @apollo/composition says to the corpus (needs Node.js), show what differs
	cd tools/composition-reference && npm ci --silent --no-audit --no-fund && npm run --silent record
	$(BIN)/pytest --quiet tests/supergraph/test_corpus.py $(ARGS)

change-reference: $(STAMP) ## record anew what @graphql-inspector/core finds in the corpus of changes (needs Node.js)
	cd tools/inspector-reference && npm ci --silent --no-audit --no-fund && npm run --silent record
	$(BIN)/pytest --quiet tests/supergraph/checks/test_change_corpus.py $(ARGS)

plan-quality: $(STAMP) ## count the calls of the reference planner again and compare (needs Node.js)
	cd tools/plan-quality && npm ci --silent
	nice $(BIN)/python -m tests.gateway.planner.quality
	git diff --stat -- tests/gateway/planner/data

digest: $(STAMP) ## read published OpenAPI documents of large products and say what is made of them (needs npm; ARGS=--all-written-out adds 73 MB)
	mkdir -p tools/digest/.packages
	cd tools/digest/.packages && ls *.tgz >/dev/null 2>&1 || xargs npm pack --silent < ../packages.txt >/dev/null
	PYTHONPATH=. $(BIN)/python tools/digest/digest.py $(ARGS)

clean: ## remove the environment, caches and the demo's data
	rm -rf $(VENV) .dictamesh .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
