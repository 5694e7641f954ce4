# `make run` and `make test` do everything on a fresh machine with Python 3.11+ and pip. `make help` lists the rest.
PYTHON ?= python3
BIN = .venv/bin
# Every wheel is pinned by hash. What the locks lack a wheel for, pip builds, hence the compiler-free packages only.
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
# A file of tests stays with one worker, so that what its tests share is made once; in the order of `tests/starting.py`, the long ones first.
# One worker more than the two cores it is measured on: a third of the time is waiting, for servers, deadlines and other processes.
WORKERS = -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: help run test browser check fmt lock soak bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z.]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /: /'

.venv/run.stamp: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what the program needs into .venv ..."
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.lock
	@echo "installing what tests and benches need into .venv ..."
	$(PIP) install --require-hashes -r requirements-dev.lock
	touch $@

.PHONY: .venv
.venv: .venv/dev.stamp ## the environment, with everything that tests and benches need

run: .venv/run.stamp ## poll the feeds of feeds.yaml, publish, serve on loopback
	@# The command names the folder in which it was installed: in a clone that was moved, it is written anew.
	@grep -qF "$$(pwd -P)/" $(BIN)/aggregator || $(PIP) install --no-deps --no-build-isolation -e .
	$(BIN)/aggregator run

test: .venv/dev.stamp ## the tests
	@$(BIN)/python -m compileall -q -j 0 aggregator  # once, lest on a clean clone each worker does it
	$(BIN)/python -m pytest $(WORKERS)

browser: ## what the tests of pages need: Debian's chromium without windows (if you are root) and axe-core, by version and hash
	command -v chromium-headless-shell >/dev/null || test "$$(id -u)" != 0 || (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-dejavu-core >/dev/null) || command -v chromium >/dev/null
	npm ci --prefix tests/axe --ignore-scripts --no-audit --no-fund --silent

check: .venv/dev.stamp ## format, lint, types, layers, the shipped feeds.yaml
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m aggregator -c feeds.yaml check

fmt: .venv/dev.stamp ## put the code into the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## resolve the locks anew (needs uv); versions and hashes, no addresses
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements.lock
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -c requirements.lock -o requirements-dev.lock

bench: .venv/dev.stamp ## replays over real documents (../shared), the comparison with a peer, the two HTTP clients, a planet that moves in
	$(BIN)/python -m bench.corpus ../shared/corpus/real
	$(BIN)/python -m bench.history ../shared/corpus/history
	$(BIN)/python -m bench.floods ../shared/corpus/real --feeds 20
	$(BIN)/python -m bench.hostile ../shared/corpus/hostile-feeds
	$(BIN)/python -m bench.hanging --only behaviours
	$(BIN)/python -m bench.peers --feeds 200
	$(BIN)/python -m bench.doors
	$(BIN)/python -m bench.publishing
	$(BIN)/python -m bench.upgrade
	$(BIN)/python -m bench.readers ../shared/corpus/real
	$(BIN)/python -m bench.newcomer ../shared/corpus/subscriptions/planet-python-config.ini ../shared/corpus/real

soak: .venv/dev.stamp ## the long runs: tests in full (all files, forms and places that loops try a part of, 60 times the examples), kills at random moments and within a restore, two processes on one store, a daemon that runs on, mishaps of disk, folder, clock and feeds.yaml, what hostile documents make it open, servers that hang, a planted fault for each rule of polite fetching
	TESTS=long $(BIN)/python -m pytest $(WORKERS)
	$(BIN)/python -m bench.two_processes
	$(BIN)/python -m bench.lasting
	$(BIN)/python -m bench.kills
	$(BIN)/python -m bench.restores
	$(BIN)/python -m bench.mishaps
	$(BIN)/python -m bench.opened ../shared/corpus/hostile-feeds
	$(BIN)/python -m bench.hanging
	$(BIN)/python -m bench.faults

clean: ## remove the environment and caches; store and outputs stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
