# The chores of this project, on a bare Debian or Raspberry Pi OS machine as well as on a developer's.
# Every target sets up what it needs first: `make run` needs nothing done before it. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help

PYTHON ?= python3
# What Debian has to bring: OpenGL for the kiosk's window, Pango for the pages' PDF files, and for the tests a real
# broker, browser, database and X server, what shows which files a process touches, what reads PDF files, and Java for
# the checker of the pages' HTML (libatomic1 is for the program through which Playwright drives the browser, libxtst6
# for clicks).
# What speaks and encodes the recordings is welcome: without it there is no listen button, and all else works.
# Where there is no apt: install their like, and empty these (make run RUN_PACKAGES= VOICE_PACKAGES=).
RUN_PACKAGES ?= libgl1 libegl1 libgl1-mesa-dri libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
VOICE_PACKAGES ?= espeak-ng vorbis-tools
TEST_PACKAGES ?= mosquitto chromium postgresql libatomic1 xvfb libxtst6 strace poppler-utils default-jre-headless
# What builds the package for a server, and what installs it in a Debian of its own.
DEB_PACKAGES ?= dpkg zstd
DEB_TEST_PACKAGES ?= mmdebstrap debian-archive-keyring iproute2
# What builds the Raspberry Pi image, beside what `make run` needs; and what boots it (QEMU itself by
# image/newer-qemu.sh: the touch panel wants a newer one than Debian 12 has).
IMAGE_PACKAGES ?= mmdebstrap arch-test qemu-user-static binfmt-support gcc-aarch64-linux-gnu libc6-dev-arm64-cross swig \
    squashfs-tools fdisk dosfstools mtools e2fsprogs device-tree-compiler zstd unzip openssl
IMAGE_TEST_PACKAGES ?= qemu-system-arm device-tree-compiler socat faketime mosquitto chromium libatomic1 busybox-static zstd \
    mtools dosfstools
# Brought by `make fuzz` alone: it is not built for every machine and Python.
ATHERIS := atheris==3.0.0
# Brought by `make bench` alone, into an environment of its own, to measure beside it.
DATASETTE := datasette==0.65.5
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.set-up
FUZZER := .cache/atheris
DATASETTE_HOME := .cache/datasette

help: ## say what there is
	grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 14

run: system-run $(SETUP) ## set up, and start the demo: faces in a window, page in the browser (ARGS="--port 9000")
	$(BIN)/fjes demo $(ARGS)

test: system-test $(SETUP) ## set up, and run every check and test (ARGS="tests/ratings -k week")
	echo "ruff check"; $(BIN)/ruff check --quiet
	echo "ruff format --check"; $(BIN)/ruff format --check --quiet
	echo "mypy --strict"; $(BIN)/mypy --strict
	echo "pytest"; $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

bench: system-test $(SETUP) ## print speed and memory, beside Chromium and Datasette (nothing is asserted; ARGS="--idle 10" for less)
	[ -x $(DATASETTE_HOME)/bin/datasette ] || {
	    $(PYTHON) -m venv $(DATASETTE_HOME)
	    $(DATASETTE_HOME)/bin/python -m pip install --quiet --disable-pip-version-check $(DATASETTE)
	} || { rm -rf $(DATASETTE_HOME); echo "Without Datasette beside it: $(DATASETTE) cannot be had here"; }
	$(BIN)/python -m bench $(ARGS)

faults: system-test $(SETUP) ## let everything fail, and count: 10,000 simulated schedules, then real processes (ARGS="simulate --seed 7")
	$(BIN)/python -m tests.faults $(ARGS)

fuzz: $(SETUP) ## throw bytes at all that is read from the network, for ten minutes (ARGS="taking-in --seconds 60")
	[ -d $(FUZZER) ] || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
	    --target $(FUZZER) $(ATHERIS) || {
	    rm -rf $(FUZZER)
	    echo "Not fuzzed: $(ATHERIS) cannot be had for this machine and Python. The short form runs: make test ARGS=tests/fuzz"
	    exit 0
	}
	PYTHONPATH=$(FUZZER) $(BIN)/python -m tests.fuzz $(ARGS)

audits: $(SETUP) ## audit thousands of random sites that publish day by day (ARGS="--from 3000 --count 10000")
	$(BIN)/python -m tests.dashboard.many_audits $(ARGS)

broken: system-test $(SETUP) ## break each rule of anonymity in a copy, and see that a test notices; takes an hour (ARGS="audit --jobs 4")
	$(BIN)/python -m tests.broken_rules $(ARGS)

screens: system-run $(SETUP) ## every screen of the kiosk as a picture in build/screens (ARGS=--accept: as the test's references)
	$(BIN)/python -m terminal.kiosk.gallery $(ARGS)

faces: system-run $(SETUP) ## the faces for hardware buttons, and where to drill, as build/faces.pdf (ARGS="--diameter 22")
	mkdir -p build
	$(BIN)/fjes hardware faces --pdf build/faces.pdf $(ARGS)
	echo "build/faces.pdf"

tour: system-test $(SETUP) ## walk the pages as a new user would: docs/tour.md and its pictures are made anew
	$(BIN)/python -m tests.tour

deb: system-deb $(SETUP) ## build the package for a server, dist/fjes_VERSION_amd64.deb (ARGS="--architecture arm64")
	$(BIN)/python -m image.deb.build $(ARGS)

deb-test: system-deb-test $(SETUP) ## install it in fresh Debians, upgrade, remove, purge; needs root, takes a quarter of an hour (ARGS="--suite trixie")
	$(BIN)/python -m image.deb.test $(ARGS)

image: system-image $(SETUP) ## build the Raspberry Pi image and a signed update into build/ (as root or with sudo; ~20 minutes, then 2)
	if [ "$$(id -u)" = 0 ]; then nice $(BIN)/python -m image build
	else sudo --preserve-env=FJES_UPDATE_KEY,FJES_IMAGE_VERSION,FJES_IMAGE_SERIAL,FJES_DEBIAN_MIRROR,FJES_DEBIAN_SECURITY_MIRROR,HOME \
	    nice $(BIN)/python -m image build
	fi

image-test: system-image-test $(SETUP) ## boot the built image in an emulator: faces, touches, pulled plugs, updates (40 minutes)
	$(BIN)/python -m image.boot_test $(ARGS)

lock: ## pin what setup.cfg asks for into requirements.lock (ARGS=--upgrade for newer versions)
	tool=$$(mktemp -d); trap 'rm -rf "$$tool"' EXIT
	$(PYTHON) -m venv "$$tool"
	"$$tool/bin/pip" install --quiet uv
	"$$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --extra terminal --extra dashboard --extra dev \
	    --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	    $(ARGS) setup.cfg --output-file requirements.lock
	if grep -n '://' requirements.lock; then echo "make lock: an address got into requirements.lock (above)" >&2; exit 1; fi

clean: ## remove everything that set-up and tests have made here (Debian's packages stay)
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	rm -f terminal/kiosk/fonts/FjesSans-*.ttf
	rm -rf terminal/kiosk/recordings
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The virtual environment: exactly what requirements.lock pins, by hash, and this folder itself.
$(SETUP): requirements.lock setup.cfg pyproject.toml $(wildcard terminal/kiosk/typeface.py terminal/kiosk/voices.py terminal/kiosk/words/*.po)
	$(check_python)
	$(BIN)/python -c '' 2>/dev/null || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	echo "Installing the Python packages of requirements.lock into $(VENV) (about a minute)"
	export PIP_DISABLE_PIP_VERSION_CHECK=1
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	echo "Building the kiosk's typeface"
	$(BIN)/python -m terminal.kiosk.typeface
	echo "Recording the kiosk's voices"
	$(BIN)/python -m terminal.kiosk.voices
	touch $@

define check_python
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Fjes needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another with: make PYTHON=/path/to/python3" >&2
    exit 1
}
endef

# Debian's packages: installs what is missing where root or sudo allows it, else names it in one line. $(1) must be
# there; without $(2) it goes on.
define install_packages
if command -v $(PYTHON) >/dev/null; then
$(check_python)
fi
wanted="$(1)"
# Any Python with venv will do; Debian's has it in a package of its own.
if ! command -v $(PYTHON) >/dev/null; then wanted="python3 python3-venv $$wanted"
elif ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then wanted="python3-venv $$wanted"; fi
missing=
for package in $$wanted; do
    [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null)" = installed ] || missing="$$missing $$package"
done
lacking=
for package in $(2); do
    [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null)" = installed ] || lacking="$$lacking $$package"
done
[ -n "$$missing$$lacking" ] || exit 0
go_on() {
    [ -z "$$missing" ] || return 0
    echo "No listen button: nothing here can record what it says. For that, have someone who may install:$$lacking"
    exit 0
}
if ! command -v apt-get >/dev/null; then
    go_on
    echo "Fjes sets itself up on Debian, and this machine has no apt-get. Install the like of:$$missing; then: make $(patsubst system-%,%,$@) RUN_PACKAGES= VOICE_PACKAGES= TEST_PACKAGES=" >&2
    exit 1
fi
if [ "$$(id -u)" = 0 ]; then root="env"
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then root="sudo env"
else
    go_on
    echo "Debian packages are missing, and neither root nor sudo is at hand. Ask someone who may to run: apt-get install$$missing" >&2
    exit 1
fi
missing="$$missing$$lacking"
echo "Installing Debian packages:$$missing"
mkdir -p .cache
{
    $$root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 --quiet update
    $$root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 --quiet --yes \
        --no-install-recommends install $$missing
} >.cache/apt.log 2>&1 || {
    tail -n 20 .cache/apt.log >&2
    echo "apt-get failed (above; all of it is in .cache/apt.log). Put that right, or install by hand:$$missing" >&2
    exit 1
}
endef

system-run:
	$(call install_packages,$(RUN_PACKAGES),$(VOICE_PACKAGES))

system-deb:
	$(call install_packages,$(DEB_PACKAGES),)

system-deb-test:
	$(call install_packages,$(DEB_PACKAGES) $(DEB_TEST_PACKAGES),)

system-test:
	$(call install_packages,$(RUN_PACKAGES) $(VOICE_PACKAGES) $(TEST_PACKAGES),)

system-image:
	$(call install_packages,$(RUN_PACKAGES) $(IMAGE_PACKAGES),$(VOICE_PACKAGES))

system-image-test:
	# In a shell of its own, which ends where nothing is missing.
	($(call install_packages,$(RUN_PACKAGES) $(IMAGE_TEST_PACKAGES),))
	sh image/newer-qemu.sh

.PHONY: help run test bench faults audits broken fuzz screens faces tour deb deb-test image image-test lock clean system-run system-test system-deb system-deb-test system-image system-image-test
.NOTPARALLEL:
