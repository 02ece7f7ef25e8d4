# make report     write the report to reports/
# make published  reproduce published results, to reports/published/
# make sample     make the report of reports/sample again, which is committed
# make test       lint, check the types, run the tests
# make quick      the tests of a minute, for the habit
# make mutants    break the code in many small ways: does a test notice?
# make bench      time the compiled functions
# make lock       choose new versions for the locks
# make clean      remove the virtual environment and all caches
#
# Needed beforehand: Python 3.11 or newer, make, and a way to the package index.

PYTHON ?= python3
VENV   ?= .venv

PY  := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet

# One file for each idea, each in seconds.
QUICK := $(addprefix tests/test_, language.py activations.py orders.py adjoint.py sound_bounds.py \
	carry.py memory.py paths.py no_false_verdict.py bad_calls.py engines.py verify.py derive.py \
	imports.py)

.DEFAULT_GOAL := help
.PHONY: help report published sample test lint tests quick mutants bench lock clean

help:
	@sed -n '/^# make/s/^# //p' Makefile

report: $(VENV)/.core
	$(PY) -m symgate report

published: $(VENV)/.core
	$(PY) -m analysis.published

sample: $(VENV)/.core
	$(PY) -m analysis.published --output reports/sample/published
	$(PY) -m symgate report -o reports/sample

test: lint tests

lint: $(VENV)/.test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict symgate

tests: $(VENV)/.test
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m pytest -n auto --dist loadfile

quick: $(VENV)/.test
	$(PY) -m ruff check .
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PY) -m pytest -n auto --dist worksteal -q $(QUICK)

mutants: $(VENV)/.test
	$(PY) -m tests.mutants

bench: $(VENV)/.test
	$(PY) -m pytest tests/benchmarks --benchmark-enable --benchmark-only

# The stamps .core and .test say what the environment holds. A changed lock or
# pyproject.toml brings it up to date.
$(VENV)/.core: requirements.lock pyproject.toml | $(VENV)/bin/pip
	$(PIP) install -r requirements.lock
	$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.test: requirements-test.lock $(VENV)/.core
	$(PIP) install -r requirements-test.lock
	@touch $@

$(VENV)/bin/pip:
	$(call new-venv,$(VENV))

# The locks are what pip installs into an empty environment, written down.
# Make them with the oldest Python that symgate supports, so that they fit all.
lock:
	$(call new-venv,build/lock)
	build/lock/bin/python -m pip --disable-pip-version-check --quiet install .
	$(call write-lock,requirements.lock)
	build/lock/bin/python -m pip --disable-pip-version-check --quiet install -c requirements.lock '.[test]'
	$(call write-lock,requirements-test.lock)
	build/lock/bin/python -m pip --disable-pip-version-check --quiet install pip-tools
	$(call hash-lock,requirements.lock)
	$(call hash-lock,requirements-test.lock)
	rm -rf build/lock

clean:
	rm -rf $(VENV) build dist .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find symgate tests analysis -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# $(call new-venv,FOLDER): an empty virtual environment, or a message that says what is missing.
define new-venv
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo 'symgate needs Python 3.11 or newer. Name one: make PYTHON=python3.11 ...' >&2; exit 1; }
@$(PYTHON) -m venv --clear $(1) || { \
	echo 'Could not make a virtual environment with $(PYTHON).' >&2; \
	echo 'On Debian and Ubuntu its parts are a package of their own: apt install python3-venv' >&2; \
	rm -rf $(1); exit 1; }
endef

# $(call write-lock,FILE): all that build/lock holds, each at its version.
define write-lock
@{ echo '# Made by `make lock`; do not edit. Every package and its exact version.'; \
	build/lock/bin/python -m pip --disable-pip-version-check freeze --exclude symgate; } > $(1).new
@mv $(1).new $(1)
endef

# $(call hash-lock,FILE): the same, with the hashes of every file of a version beside it.
define hash-lock
@cp $(1) build/lock/$(1:.lock=.in)
@build/lock/bin/pip-compile --quiet --generate-hashes --no-annotate --no-header --allow-unsafe \
	--no-strip-extras --no-emit-options --no-emit-index-url \
	--output-file build/lock/hashed build/lock/$(1:.lock=.in)
@{ echo '# Made by `make lock`; do not edit. Every package, its version, and the hashes of its files.'; \
	cat build/lock/hashed; } > $(1).new
@mv $(1).new $(1)
endef
