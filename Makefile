# Everything a person or CI runs. `make run` and `make test` need nothing but Python.
# Commands are started hundreds of times by the tests; compiled modules start in a third of the time.
export UV_COMPILE_BYTECODE := 1
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
INSTALLED := .venv/.installed
OLDEST := .venv-oldest
INSTALL := $(UV) pip install --quiet --constraint constraints.txt

.PHONY: run test quick faults check lint types imports format docs bench oldest upgrade

run: $(INSTALLED)       ## the whole pipeline on generated data
	.venv/bin/run-pipeline

test: $(INSTALLED)      ## the test suite, a process a core
	.venv/bin/pytest -n auto --dist loadfile

quick: $(INSTALLED)     ## the tests that take a minute in all, for the inner loop
	.venv/bin/pytest -n auto --dist loadfile -m "not slow and not browser and not strace"

faults: $(INSTALLED)    ## every system call of a run fails or kills it; takes an hour, needs strace
	FAULTS=all .venv/bin/pytest tests/faults

check: lint types imports

lint: $(INSTALLED)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: $(INSTALLED)
	.venv/bin/mypy

imports: $(INSTALLED)   ## who may import whom
	.venv/bin/lint-imports

format: $(INSTALLED)
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

docs: $(INSTALLED)      ## the pages that are made from code
	.venv/bin/python -m docs.contract_reference

bench: $(INSTALLED)     ## against the peers; takes a while, see benchmarks/README.md
	.venv/bin/python -m benchmarks

# The oldest versions that pyproject.toml claims, on the tests of what depends on them most.
oldest: $(UV)
	$(UV) venv --quiet --allow-existing $(OLDEST)
	$(UV) pip install --quiet --python $(OLDEST) --resolution lowest-direct --editable . --group dev
	$(OLDEST)/bin/pytest -n auto --dist loadfile -m "not slow and not browser and not strace" \
		tests/clean tests/aggregate tests/contract

upgrade: $(UV)          ## the newest versions that pyproject.toml allows, into constraints.txt
	$(UV) lock --quiet --upgrade
	$(UV) export --quiet --frozen --no-hashes --no-header --no-annotate --no-emit-project \
		--all-extras --all-groups --output-file constraints.txt

$(INSTALLED): pyproject.toml constraints.txt $(UV)
	$(UV) venv --quiet --allow-existing .venv
	$(INSTALL) --python .venv --editable ".[benchmark,dashboard,sweep]" --group dev
	touch $@

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv
