# The commands of this repository; CI runs the same ones. `make` alone lists them.
#
#   PYTHON=/path/to/python   interpreter for the virtual environment (default: the first of 3.13, python3, ... that runs)
#   VAANI_PORT_BASE=9080     another range of ports, so that two copies run side by side
#   DEMO=1 make run          play the demonstration when the platform is ready

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help install install-dev install-judges install-browser run demo eval stop clean-local status build invoke check lint quick format test audit licences sbom fuzz fuzz-api drill restore-drill soak soak-messages requirements openapi lock ci

# Images often set this; a platform is twenty programs, and each would compile our modules anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := $(CURDIR)/.venv
RUN := $(VENV)/bin/python

# A name on the path may be a shim that fails, or a Python without the means to make environments: try each.
ifndef PYTHON
PYTHON := $(shell for each in python3.13 python3 python3.12 python3.14 python3.11; do \
	"$$each" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$each"; break; }; done)
endif

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | awk -F '\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'

install: ## make the virtual environment with what the platform needs
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later was found. Install one, or: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -I local/install.py local

install-dev:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later was found. Install one, or: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -I local/install.py dev

# What judges the template, the image and the compose file, in an environment of its own.
install-judges:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later was found. Install one, or: make PYTHON=/path/to/python3"; exit 1; }
	@VAANI_VENV="$(CURDIR)/.venv-judges" $(PYTHON) -I local/install.py judges

# What shows the console to the tests; taken from the system, or installed there if we may.
install-browser: install-dev
	@$(RUN) -m local.browser

run: install ## start the whole platform on this machine and keep it running until Ctrl-C
	@exec $(RUN) -m local up $(if $(filter 1,$(DEMO)),--demo)

demo: install ## play a phone call and a WhatsApp conversation (starts the platform and ends it again if need be)
	@exec $(RUN) -m local up --demo --once

eval: install ## play the scenarios of local/evaluation on the platform (TIMES=3: thrice; ONLY=name-or-tag)
	@exec $(RUN) -m local evaluate --times $(or $(TIMES),1) $(if $(ONLY),--only $(ONLY))

status: install ## say what runs and where
	@exec $(RUN) -m local status

stop: ## end the platform, whatever happened to it
	@test ! -x $(RUN) || $(RUN) -m local down

clean-local: ## end the platform and remove its data
	@test ! -x $(RUN) || $(RUN) -m local down --remove-data

build: install-dev ## build functions and layer for deployment, without a container (ARCHITECTURE=arm64 or x86_64)
	@$(RUN) -m local build --architecture $(or $(ARCHITECTURE),arm64)

invoke: install-dev ## run one function on one event: FUNCTION=message_webhook EVENT=events/message_webhook/health.json (SOURCE=1: unbuilt)
	@test -n "$(FUNCTION)" -a -n "$(EVENT)" || { echo "make invoke FUNCTION=folder EVENT=file"; exit 1; }
	@$(RUN) -m local invoke "$(FUNCTION)" "$(EVENT)" $(if $(filter 1,$(SOURCE)),--source)

# Side by side, because the tests leave a processor idle now and then.
check: install-dev ## formatting, lint, types, template, known vulnerabilities and the quick tests
	@$(MAKE) --no-print-directory -j 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) lint quick

lint: install-dev ## what `check` does without running tests
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(VENV)/bin/cfn-lint -r ap-south-1 ap-southeast-1 -t template.yaml
	$(RUN) -m local.supply_chain audit

quick: install-dev ## the quick tests alone: everything on fakes
	$(RUN) -m pytest -q -m "not integration" --hypothesis-profile=quick --numprocesses auto --maxprocesses 4 --dist loadfile

format: install-dev ## put the code into the form that `check` wants
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix-only .

test: install-dev install-judges install-browser ## all tests, those with real databases, models and a browser included
	$(RUN) -m tests.everything

fuzz: install-dev ## break the message webhook in 100,000 ways (CASES=n: in so many)
	$(RUN) -m tests.fuzz $(CASES)

fuzz-api: install-dev install-judges ## let schemathesis judge the API of a running copy for 5 minutes (SECONDS=n: so long)
	@$(RUN) -m tests.end_to_end.api_judge $(if $(SECONDS),--seconds $(SECONDS))

soak: install-dev ## an hour of calls and messages together: does anything grow, slow down or fail? (MINUTES, CALLS, MESSAGES=a second)
	@$(RUN) -m benchmarks.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(CALLS),--calls $(CALLS)) $(if $(MESSAGES),--messages-per-second $(MESSAGES))

soak-messages: install-dev ## 1,000 messages of 50 users while worker, poller and Redis are killed (SEED=4 repeats a run)
	@$(RUN) -m tests.end_to_end.soak $(if $(SEED),--seed $(SEED))

drill: install ## break a copy of the platform in every way known while calls and messages run (ONLY=name,name; 12 minutes)
	@$(RUN) -m local drill $(if $(ONLY),--only $(ONLY))

restore-drill: install ## lose a database on purpose and restore it to the commit: what is lost, how long it takes
	@$(RUN) -m local restore-drill $(if $(JSON),--json $(JSON))

requirements: install-dev ## which test proves which acceptance criterion
	@$(RUN) -m tests.requirements_table

openapi: install-dev ## write the OpenAPI document of the whole platform
	$(RUN) -m local.openapi --write

audit: install-dev ## known vulnerabilities of everything locked, and bandit over the code (AGAIN=1: ask again today)
	@$(RUN) -m local.supply_chain audit $(if $(filter 1,$(AGAIN)),--again)

licences: install-dev ## write THIRD_PARTY.md: what is shipped that others wrote, and under which licence
	$(RUN) -m local.supply_chain licences

sbom: install-dev ## write a bill of materials (CycloneDX 1.6) of functions, stream service and local platform to dist/sbom
	$(RUN) -m local.supply_chain sbom

lock: install-dev ## resolve the dependencies anew, with hashes
	$(RUN) -m local.lock
	$(MAKE) -C shared lock UV="$(RUN) -m uv"

ci: ## what CI runs, on a clean checkout
	.ci/run
