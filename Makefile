# Cicatrix, by two commands: `make run` and `make test`. What they make lies in .venv,
# node_modules and var, which git ignores.

SHELL := /bin/sh
PYTHON ?= python3.11
PORT ?= 8000
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
