# make demo   runs the main job on a copy of examples/ and shows the report
# make test   runs every check and test
# Both set everything up in .venv first; Python 3.11 or newer, make and git are all they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2

.PHONY: demo run test check soak lock clean

demo: $(STAMP)
	@examples/demo.sh $(BIN)/kiro-hookd

run: $(STAMP)
	@examples/run.sh $(BIN)/kiro-hookd

test: check
	$(BIN)/pytest -q -n $(JOBS) -m "not soak"

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Longer than the test command allows: kill -9 storms, full-size comparisons with git, floods.
soak: $(STAMP)
	$(BIN)/pytest -q -m soak --timeout 3600

# pip refuses hashes and a local project together: first everything pinned, then the project by itself.
$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Needs pip-tools. Writes versions and hashes only: no index, no address.
lock:
	pip-compile --quiet --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-header --strip-extras --all-extras -o constraints.txt pyproject.toml

clean:
	rm -rf $(VENV) .demo
