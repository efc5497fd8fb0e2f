# make help lists the targets.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
RUN := npm run --silent

.PHONY: help setup demo test test-alone test-taken-down faults crash chaos memory lint up down env bench bench-rules bench-memory bench-controller bench-fleet bench-profile bench-hydrate matrix fuzz board release clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

setup: node_modules/.package-lock.json ## install what the project needs, Node 24 included, into node_modules

node_modules/.package-lock.json: package.json package-lock.json
	@echo "installing packages"
	@npm ci --loglevel=error
	@touch $@

demo: setup ## tell the story on a real control plane, step by step; NODE=1 on a real node, installed as a user installs it; CLUSTERS=3 with a hub
	@$(RUN) demo -- $(if $(NODE),--node) $(if $(CLUSTERS),--fleet)

test: setup ## unit tests, end-to-end tests through a real API server, then in a cluster with a real node where root on Linux allows
	@$(RUN) testbed -- build
	@$(MAKE) --jobs=2 test-alone test-taken-down

# The two halves of make test, which mostly wait, and so run side by side.
test-alone: setup
	@$(RUN) test:unit
	@$(RUN) test:e2e

test-taken-down: setup
	@$(RUN) test:faults
	@$(RUN) test:node

faults: setup ## take down what there is to take down, at full size: processes, connections, replicas, certificates
	@$(RUN) testbed -- build
	@FAULTS=full $(RUN) test:faults
	@FAULTS=full $(RUN) test:node

crash: setup ## kill hydrators, their pods and controllers at random moments: N times (200) the process, a tenth of that on a real node
	@CRASH_N=$(or $(N),200) $(RUN) test:crash
	@$(RUN) testbed -- build
	@REQUIRE_NODE=1 CRASH_ROUNDS=$$(( $(or $(N),200) / 10 )) $(RUN) test:crash-node

chaos: setup ## kill the controller, hydrators, kubelet, containerd and the API server at random for MINUTES (10), and compare the end with that of an undisturbed run
	@$(RUN) testbed -- build
	@REQUIRE_NODE=1 CHAOS_SECONDS=$$(( $(or $(MINUTES),10) * 60 )) $(RUN) test:chaos

memory: setup ## hydrate a file of GIB (8) GiB, and hold the memory that this takes against its bound
	@MEMORY_GIB=$(or $(GIB),8) $(RUN) test:memory

# What depends most on the API server: rules in CEL, match conditions, defaults, garbage collection.
SMOKE := modelcache.test policies ignored-keys pods. workloads staging.test modelcache.deletion tenant examples gangs reserved

matrix: setup ## a smoke of the tests on control planes of other versions: MINORS="1.30 1.34 1.35 1.37"
	@for minor in $(or $(MINORS),1.30 1.34 1.35 1.37); do \
	  echo "Kubernetes $$minor"; \
	  MODELCACHE_TESTBED_KUBERNETES=$$minor $(RUN) test:e2e -- $(SMOKE) || exit 1; \
	done

lint: setup ## formatter, linter and type checker
	@$(RUN) lint

up: setup ## start a control plane with LeaderWorkerSet and the product, and leave it running; NODE=1 with a real node; CLUSTERS=3 with a hub
	@$(RUN) testbed -- up $(if $(NODE),--node) $(if $(CLUSTERS),--fleet)

down: setup ## end what make up started
	@$(RUN) testbed -- down

env: setup ## print KUBECONFIG and PATH as lines for the eval of a shell
	@$(RUN) testbed -- env

bench: setup ## measure the admission path beside bare Node.js and controller-runtime; ROWS=NAME,NAME ROUNDS=N UPDATE=1
	@$(RUN) bench -- $(if $(ROWS),--rows $(ROWS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(UPDATE),--update)

bench-rules: setup ## measure the decisions alone
	@$(RUN) bench-rules

bench-memory: setup ## measure start-up and memory with 10,000 caches and pods
	@$(RUN) bench -- --memory $(if $(UPDATE),--update)

bench-controller: setup ## have the controller stage a thousand caches at once on a real control plane
	@$(RUN) bench -- --controller $(if $(UPDATE),--update)

bench-fleet: setup ## have the hub bring a thousand caches to fifty clusters
	@$(RUN) bench -- --fleet $(if $(UPDATE),--update)

bench-profile: setup ## draw where the time of a review goes: docs/admission-flame-graph.svg
	@$(RUN) bench -- --profile

bench-hydrate: setup ## stage files from a server on loopback, beside hf, aria2c and curl; ROWS=NAME,NAME ROUNDS=N SCALE=X
	@$(RUN) bench-hydrate -- $(if $(ROWS),--rows $(ROWS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SCALE),--scale $(SCALE))

fuzz: setup ## compare the rules with a second statement of them: N reviews (1000000), SEED repeats a run; GROW=1 makes each part of N reviews (100) large
	@$(RUN) fuzz -- $(if $(N),--n $(N)) $(if $(SEED),--seed $(SEED)) $(if $(GROW),--grow)

board: setup ## draw docs/board.png: the board for Grafana, with what a Prometheus has scraped for three minutes
	@BOARD_PICTURE=$(CURDIR)/docs/board.png $(RUN) test:e2e -- test/e2e/monitoring.picture.test.ts

release: setup ## make what a release consists of, in release/: npm package, chart, CRDs, install.yaml, SBOM, images; INTO=DIR IMAGE=REPOSITORY BUILDER=docker|buildah|none
	@$(RUN) release -- $(if $(INTO),--into $(INTO)) $(if $(IMAGE),--image $(IMAGE)) $(if $(BUILDER),--builder $(BUILDER))

clean: down ## remove what the project installed and made in this folder; built binaries stay in their cache
	@rm -rf node_modules .testbed release
