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

demo: $(READY) ## Check a sound plan and its flawed twin, show its dates, render the pages
	@mkdir -p build
	@echo "1. A sound plan, as of $(TODAY): an ERP rollout at two sites"
	@echo "   \$$ planlint check examples/erp-rollout/erp-rollout.plan.yaml"
	@$(BIN)/planlint check --today $(TODAY) examples/erp-rollout/erp-rollout.plan.yaml
	@echo
	@echo "2. The same plan with mistakes that happen; errors only, without --quiet the warnings, too"
	@echo "   \$$ planlint check --quiet examples/erp-rollout/flawed"
	@$(BIN)/planlint check --quiet --today $(TODAY) examples/erp-rollout/flawed || test $$? -eq 1
	@echo
	@echo "3. The dates behind it, and what would make the one that cannot hold fit"
	@echo "   \$$ planlint schedule examples/erp-rollout/flawed/erp-rollout.plan.yaml"
	@$(BIN)/planlint schedule --today $(TODAY) examples/erp-rollout/flawed/erp-rollout.plan.yaml > build/schedule.txt
	@sed -n '1,12p' build/schedule.txt
	@echo "[…]"
	@grep -A 5 '^  first-interfaces:' build/schedule.txt
	@echo
	@echo "4. Two plans that want the same people"
	@echo "   \$$ planlint check --portfolio examples/portfolio"
	@$(BIN)/planlint check --quiet --portfolio --today $(TODAY) examples/portfolio
	@echo
	@echo "5. Pages for those who never read YAML"
	@echo "   \$$ planlint render examples --out build/report"
	@$(BIN)/planlint render --today $(TODAY) --out build/report examples > build/rendered.txt
	@echo "$$(ls build/report/*.md | wc -l) pages; begin with build/report/index.md"

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
