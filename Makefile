# Everything a person or CI runs. `make run` and `make test` need nothing but Python.
# Commands are started hundreds of times by the tests; compiled modules start in a third of the time.
export UV_COMPILE_BYTECODE := 1
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)

.PHONY: run test faults check lint types imports format docs bench

run: $(UV)          ## the whole pipeline on generated data
	$(UV) run --quiet run-pipeline

test: $(UV)         ## the test suite, a process a core
	$(UV) run --quiet pytest -n auto --dist loadfile

faults: $(UV)       ## every system call of a run fails or kills it; takes an hour, needs strace
	FAULTS=all $(UV) run --quiet pytest tests/faults

check: lint types imports

lint: $(UV)
	$(UV) run --quiet ruff check .
	$(UV) run --quiet ruff format --check .

types: $(UV)
	$(UV) run --quiet --extra benchmark mypy

imports: $(UV)      ## who may import whom
	$(UV) run --quiet lint-imports

format: $(UV)
	$(UV) run --quiet ruff format .
	$(UV) run --quiet ruff check --fix .

docs: $(UV)         ## the pages that are made from code
	$(UV) run --quiet python -m docs.contract_reference

bench: $(UV)        ## against the peers; takes a while, see benchmarks/README.md
	$(UV) run --quiet --extra benchmark python -m benchmarks

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv
