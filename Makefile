# The entry points; the work is done by CMake, ctest and the scripts. Every target installs the Debian
# packages that are missing first (scripts/install-deps). `make help` lists the targets.
PROGRAM := build/release/orthrus
JOBS    ?= $(shell nproc)
PREFIX  ?= /usr/local
CCACHE  := $(shell command -v ccache)

.DEFAULT_GOAL := build
.PHONY: build test interop demo bench check install deps help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

deps:
	@scripts/install-deps

build: deps build/release/build.ninja ## build the program: build/release/orthrus
	@cmake --build build/release -j $(JOBS)

build/release/build.ninja: | deps
	@cmake --preset release $(if $(CCACHE),-DCMAKE_CXX_COMPILER_LAUNCHER=$(CCACHE)) > /dev/null

# Several tests run at once, each with a thread per core: waiting threads must not take the cores.
test: build ## run every test
	@cd build/release && OMP_WAIT_POLICY=passive timeout 1200 ctest --output-on-failure -j $(JOBS) --output-junit test-results.xml

interop: build ## compare with the real MXNet, safetensors and TensorBoard, installed from PyPI into build/interop
	@test -x build/interop/bin/python || python3 -m venv build/interop
	@build/interop/bin/python -m pip install -q 'mxnet==1.9.1' 'numpy==1.23.5' safetensors tensorboard
	@cd build/release && ORTHRUS_MXNET_PYTHON=$(CURDIR)/build/interop/bin/python \
	  ORTHRUS_SAFETENSORS_PYTHON=$(CURDIR)/build/interop/bin/python \
	  ORTHRUS_TENSORBOARD_PYTHON=$(CURDIR)/build/interop/bin/python \
	  ctest --output-on-failure -R '[Ii]nterop'

demo: build ## train two tasks on Fashion-MNIST, evaluate, predict
	@ORTHRUS=$(CURDIR)/$(PROGRAM) scripts/demo

bench: build ## measure training and inference on this machine
	@$(PROGRAM) bench

check: build ## format, includes, documentation
	@scripts/check

install: build ## install to PREFIX (/usr/local)
	@cmake --install build/release --prefix $(PREFIX)
