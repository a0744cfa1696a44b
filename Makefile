# Everything runs in .venv, which `make` builds itself: Python 3.11 or newer and make are all that is needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TODAY := 2026-02-16
EXAMPLES = $(sort $(patsubst %/,%,$(dir $(wildcard examples/*/*.plan.yaml))))

.DEFAULT_GOAL := help
.PHONY: help demo test lint format rules reports clean

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

demo: $(READY) ## Check the examples, sound and flawed, and render their reports
	@echo "— planlint check: three sound plans and one portfolio (as of $(TODAY))"
	@$(BIN)/planlint check --today $(TODAY) \
		examples/erp-rollout/erp-rollout.plan.yaml \
		examples/data-centre-move/data-centre-move.plan.yaml \
		examples/product-launch/product-launch.plan.yaml \
		examples/portfolio || test $$? -eq 1
	@echo
	@echo "— planlint check: the data-centre move with mistakes, the first 60 lines and the summary"
	@mkdir -p build
	@$(BIN)/planlint check --today $(TODAY) examples/data-centre-move/flawed > build/flawed.txt || test $$? -eq 1
	@sed -n '1,60p' build/flawed.txt
	@echo "[…]"
	@tail -n 1 build/flawed.txt
	@if $(BIN)/planlint render --help > /dev/null 2>&1; then \
		$(BIN)/planlint render --today $(TODAY) --out build/report examples && \
		echo && echo "— planlint render: open build/report/index.md"; \
	fi

test: $(READY) ## Run the test suite
	$(BIN)/python -m pytest -n 2

lint: $(READY) ## Run the linters, the type checker and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

rules: $(READY) ## Compile the rules' manifests, write their overview
	$(BIN)/python -m planlint.manifests

reports: $(READY) ## Render the examples' reports anew
	@for folder in $(EXAMPLES); do \
		$(BIN)/planlint render --today $(TODAY) --out $$folder/report $$folder/*.plan.yaml || exit; \
	done

clean: ## Remove what the other targets made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# `--group` needs pip 25.1, which few systems have: pip is upgraded in the environment first.
$(READY): pyproject.toml
	@echo "Preparing $(VENV) (once, a minute or two)"
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "planlint needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --editable '.[solver,simulation,cel]' --group dev
	@touch $@
