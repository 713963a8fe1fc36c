# Cicatrix, by two commands: `make run` and `make test`. What they make lies in .venv,
# node_modules and var, which git ignores.

SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py

# Certificates that the system trusts, a company's own among them, are good for npm too.
export NODE_USE_SYSTEM_CA := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1
export PORT

.DEFAULT_GOAL := help
.PHONY: help
help: ## what each target does
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | \
	  while IFS='|' read -r name what; do printf '%-24s %s\n' "$$name" "$$what"; done

# ---- what is installed: each stamp bears the hash of the pins that it stands for

stamp = var/stamps/$(1)-$(shell cat $(2) 2>/dev/null | cksum | tr -s ' ' '-')
PIP_STAMP := $(call stamp,pip,requirements.txt)
DEV_STAMP := $(call stamp,dev,requirements.txt requirements-dev.txt)
NPM_STAMP := $(call stamp,npm,package-lock.json .npmrc)

.PHONY: install
install: $(PIP_STAMP) $(NPM_STAMP) ## the virtual environment and the front-end packages, as pinned

.PHONY: deps
deps: $(DEV_STAMP) $(NPM_STAMP) ## the same, and what tests and tools need

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	  { echo "Cicatrix needs Python 3.11; say which one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(PIP_STAMP): $(BIN)/python
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@mkdir -p $(@D) && rm -f $(@D)/pip-* && touch $@

$(DEV_STAMP): $(PIP_STAMP)
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@mkdir -p $(@D) && rm -f $(@D)/dev-* && touch $@

$(NPM_STAMP): $(PIP_STAMP)
	$(BIN)/python -m clinic.embedded.npm ci
	@mkdir -p $(@D) && rm -f $(@D)/npm-* && touch $@

# ---- running it

# Of what npm brought, no page asks for these; left out, a first start is the quicker for it.
UNUSED := *.rtl.* *.esm.* *.amd.* *.cjs.* bootstrap-grid.* bootstrap-reboot.* \
  bootstrap-utilities.* ext

STATIC_STAMP := $(call stamp,static,package-lock.json clinic/settings/base.py)

$(STATIC_STAMP): $(NPM_STAMP) $(shell find static -type f 2>/dev/null)
	@$(MANAGE) collectstatic --no-input --clear --verbosity 0 $(UNUSED:%=--ignore '%')
	@mkdir -p $(@D) && rm -f $(@D)/static-* && touch $@

.PHONY: run
run: install $(STATIC_STAMP) ## start the clinic on http://127.0.0.1:8000 (PORT=8001 for another door)
	@$(BIN)/python -m clinic.system pdf --advise
	@exec $(BIN)/python -m clinic.supervisor

.PHONY: stop
stop: ## stop the clinic that runs from this checkout, and its PostgreSQL if nobody uses it
	@$(BIN)/python -m clinic.supervisor --stop
	@test -n "$$DATABASE_URL" || $(BIN)/python -m clinic.embedded stop

.PHONY: demo-reset
demo-reset: install stop ## start the demo clinic anew; the old data are kept in var/before-reset
	@$(BIN)/python -m clinic.embedded set-aside
	@$(BIN)/python -m clinic.prepare

.PHONY: dev
dev: install ## the same pages while you write them: reloads itself, shows tracebacks
	@DEBUG=on $(BIN)/python -m clinic.prepare
	@DEBUG=on $(MANAGE) runserver 127.0.0.1:$(PORT)

.PHONY: psql
psql: install ## a psql into the embedded database, where the system has psql
	@exec $(BIN)/python -m clinic.embedded shell

# ---- proving it

.PHONY: test
test: system lint ## all tests, on a PostgreSQL and a browser of their own
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: quick
quick: deps ## the tests without a browser
	$(BIN)/pytest -n $(WORKERS) -m "not browser" $(ARGS)

.PHONY: test-full
test-full: system lint ## the long proofs too, told in docs/proof.md (SEED=… repeats one)
	@$(BIN)/python tests/prove.py --workers $(WORKERS)

.PHONY: system browser
system: deps
	@$(BIN)/python -m clinic.system pdf browser

browser: deps ## see that a browser for the tests is there, or install Debian's
	@$(BIN)/python -m clinic.system browser

.PHONY: lint
lint: deps ## ruff's rules and its format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: format
format: deps ## put code into ruff's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: migrations-check
migrations-check: deps ## fail where models have moved on without a migration
	$(BIN)/pytest -q tests/clinic/test_migrations.py

.PHONY: audit
audit: deps ## known holes in what is pinned
	$(BIN)/pip-audit --no-deps --disable-pip --requirement requirements.txt
	$(BIN)/python -m clinic.embedded.npm audit

.PHONY: screenshots
screenshots: system ## draw every page into var/screenshots, and the README's pictures anew
	@$(BIN)/python docs/readme.py
	@$(BIN)/python docs/screenshots.py

.PHONY: bench
bench: deps ## how long things take
	@test -f benchmarks/run.py || { echo "There is no benchmarks/run.py yet." >&2; exit 1; }
	@$(BIN)/python benchmarks/run.py

.PHONY: clean
clean: stop ## remove what was installed; data in var stay
	rm -rf $(VENV) node_modules var/stamps var/static
