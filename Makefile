# Two commands do everything: `make demo` and `make test`. Both install what they need into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SECONDS ?=

.PHONY: help install demo schemas release-schemas test test-unit test-integration test-chaos fuzz explore check format bench lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(STAMP) ## make .venv with the afluente command in it, from locked dependencies

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Afluente needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: install ## the whole product on this machine, for SECONDS=60 or until Ctrl-C
	@exec $(BIN)/afluente demo $(if $(SECONDS),--seconds $(SECONDS))

test: test-unit ## all tests: unit, integration and chaos, on a real broker
	$(BIN)/python -m pytest -n 2 --dist loadgroup tests/integration tests/chaos

test-unit: install ## unit and property tests: seconds, no Kafka
	$(BIN)/python -m pytest -q -n auto tests/unit

test-integration: install ## tests against the real broker
	$(BIN)/python -m pytest tests/integration

test-chaos: install ## the promises, broken on purpose; CHAOS_EVENTS and CHAOS_SEEDS make it longer
	$(BIN)/python -m pytest tests/chaos

fuzz: install ## damaged pages for every adapter: FUZZ_PAGES=100000 for each, FUZZ_SEED, FUZZ_PROVIDERS=ogmma,…
	PYTHONMALLOC=debug $(BIN)/python -m tests.fuzz # a library that writes past its memory ends the run, where it does

explore: install ## property-based tests with stories that were never told before; ROUNDS=10
	@for round in $$(seq $(or $(ROUNDS),10)); do HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -q -n auto tests/unit/reconcile tests/unit/schedule tests/unit/polling || exit 1; done

check: install ## format, lint, types, imports, schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/unit/test_schemas.py tests/unit/schemas tests/unit/fields

schemas: install ## write schemas/ and docs/fields.md anew from the code
	$(BIN)/python -m workers.events.schemas schemas
	$(BIN)/python -m tests.asyncapi schemas/asyncapi.yaml
	$(BIN)/python -m tests.examples schemas/examples
	$(BIN)/python -m tests.unit.fields.table docs/fields.md

release-schemas: install ## make the present schemas the released ones; refuses what breaks consumers
	$(BIN)/python -m tests.unit.schemas.growth

format: install ## format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install ## measure all of docs/benchmarks.md anew: half an hour; ratios within one run
	$(BIN)/python -m tests.benchmarks --write docs/benchmarks.md

lock: install ## renew requirements.lock from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--extra broker --group dev pyproject.toml requirements-build.in -o requirements.lock

clean: ## remove what the commands above made
	rm -rf $(VENV) .cache build *.egg-info
