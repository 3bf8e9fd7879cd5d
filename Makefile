# Everything one does in this repository. `make help` lists it; running a target again is cheap.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test build deb bench format lint check packages toolchain peers

# The walls between the rooms are checked by every build (docs/architecture.md).
FLAGS := --explicit-target-dependency-import-check error
SOURCES := Sources Tests Package.swift

help:                ## list the targets
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| while IFS='|' read -r name text; do printf 'make %-8s %s\n' "$$name" "$$text"; done

demo: packages       ## build, and run one model's whole life; ARGS=--exit stops at its end
	@echo "building (the first time takes minutes)"
	@swift build $(FLAGS) --product imprimatur
	@.build/debug/imprimatur demo $(ARGS)

test: packages peers ## build and run all tests; ARGS='--filter NAME' for some
	@mkdir -p .build
	@PATH="$(CURDIR)/.build/peers/bin:$$PATH" swift test $(FLAGS) --disable-xctest $(ARGS) 2>&1 \
		| tee .build/test.log \
		|| { code=$$?; echo; echo "What failed:"; grep -E '✘|error:' .build/test.log | tail -n 40; exit $$code; }

# The Swift runtime goes into the binaries, so that they run where no Swift is installed.
RELEASE := $(FLAGS) -c release --static-swift-stdlib

build: packages      ## release binaries: .build/release/imprimatur and imprimatur-check
	@swift build $(RELEASE) --product imprimatur
	@swift build $(RELEASE) --product imprimatur-check

deb: build           ## Debian packages of both in .build/debian
	@docs/reference/debian/build .build/release .build/debian

bench: packages      ## benchmarks beside their peers; ONLY=prefix for some
	@swift build $(RELEASE) --product imprimatur
	@swift build $(RELEASE) --product imprimatur-bench
	@.build/release/imprimatur-bench --binary .build/release/imprimatur $(if $(ONLY),--only $(ONLY))

format: toolchain    ## format the sources in place
	@swift format format --in-place --recursive --parallel $(SOURCES)

lint: packages       ## check format, warnings and walls
	@swift format lint --strict --recursive --parallel $(SOURCES)
	@swift build $(FLAGS) --build-tests

check: lint test     ## lint and test

packages: toolchain
	@.ci/packages $(if $(filter test check,$(MAKECMDGOALS)),test)

toolchain:
	@command -v swift > /dev/null \
		|| { echo "swift is not in PATH; Swift 6.2 or later: https://www.swift.org/install" >&2; exit 1; }

# Other people's implementations that the tests compare us with, in a Python of their own.
peers: packages
	@.ci/peers
