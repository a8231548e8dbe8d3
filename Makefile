# Everything a developer or a newcomer does, by one word. `make help` lists it.

# The system packages, in Debian's names. This is the only list of them.
BUILD_PACKAGES := libargon2-dev libfcgi-dev libpcre2-dev libpq-dev libssl-dev pkg-config
RUN_PACKAGES   := postgresql
TEST_PACKAGES  := iproute2 libfcgi-perl nginx-light php-fpm
CHAOS_PACKAGES := iproute2
BENCH_PACKAGES := haproxy linux-perf nginx-light
PEER_PACKAGES  := nginx-light python3-venv redis-server

SWIFT   ?= swift
FUZZ    ?= -max_total_time=60
SOURCES := Package.swift Sources Tests Benchmarks Fuzz/Package.swift Fuzz/Sources/Fuzz proxy sql
RELEASE := $(SWIFT) build -c release --static-swift-stdlib

.DEFAULT_GOAL := help
.PHONY: help run test build setup packages build-packages test-packages format lint fuzz bench bench-waiting bench-table bench-balancer bench-queue bench-peers bench-program chaos clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: setup ## install what is missing, build a release, start the whole system on http://127.0.0.1:8000
	$(RELEASE) --product millrace
	@exec "$$($(RELEASE) --show-bin-path)/millrace" up

# One test after the other: most of them start servers of their own, and two of them beside each other make a machine so
# busy that what is quick elsewhere is not.
test: setup test-packages ## install what is missing, run every test
	$(SWIFT) test --no-parallel

build: setup ## build a release: .build/release/millrace
	$(RELEASE) --product millrace

setup: packages
	@command -v $(SWIFT) >/dev/null || { \
	    echo "Swift 6.2 or newer is needed: https://www.swift.org/install/linux" >&2; exit 1; }

packages: build-packages ## install the system packages that are missing (Debian, Ubuntu)
	@$(call install,$(RUN_PACKAGES))

build-packages: ## install what only the compiler needs (the Dockerfile's first step)
	@$(call install,$(BUILD_PACKAGES))

test-packages: ## install what only the tests need
	@$(call install,$(TEST_PACKAGES))

format: ## format the Swift sources
	$(SWIFT) format -i -r $(SOURCES)

lint: ## check their format
	$(SWIFT) format lint --strict -r $(SOURCES)

fuzz: ## feed the parsers made-up bytes under the address sanitizer (libFuzzer's options: FUZZ='-runs=1000000')
	$(SWIFT) build -c release --package-path Fuzz --scratch-path .build/fuzz
	@for parser in http fastcgi config; do \
	    found=.build/fuzz/found/$$parser; mkdir -p $$found; \
	    SWIFT_BACKTRACE=enable=no .build/fuzz/release/fuzz --$$parser $$found Fuzz/Corpus/$$parser -dict=Fuzz/$$parser.dict \
	        -artifact_prefix=.build/fuzz/$$parser- -max_len=1024 -print_final_stats=1 $(FUZZ) \
	        >.build/fuzz/$$parser.log 2>&1 || { cat .build/fuzz/$$parser.log; exit 1; }; \
	    echo "$$parser: $$(sed -n 's/^stat::number_of_executed_units: *//p' .build/fuzz/$$parser.log) executions"; \
	done

bench: bench-program ## build a release and measure it (options of the program: BENCH='--seconds 5')
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" system --millrace "$$bin/millrace" $(BENCH)

bench-waiting: bench-program ## measure 5,000 clients that wait for results at once (BENCH='--clients 1000')
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" waiting --millrace "$$bin/millrace" $(BENCH)

bench-table: bench-program ## watch the queue's table and the time of claims for ten minutes (BENCH='--minutes 2')
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" table --millrace "$$bin/millrace" $(BENCH)

bench-balancer: bench-program ## measure the balancer beside nginx and HAProxy (BENCH='--workers 1')
	@$(call install,$(BENCH_PACKAGES))
	$(RELEASE) --product AllocationCounter
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" balancer --millrace "$$bin/millrace" \
	    --counter "$$bin/libAllocationCounter.so" $(BENCH)

bench-queue: bench-program ## measure the queue beside bare sessions with the same statements (BENCH='--rounds 1')
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" queue --millrace "$$bin/millrace" $(BENCH)

bench-peers: bench-program ## measure Millrace beside pgqueuer and Celery (BENCH='--rounds 1')
	@$(call install,$(PEER_PACKAGES))
	python3 -m venv .build/peers
	.build/peers/bin/pip install -q -r Benchmarks/Peers/requirements.txt
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" peers --millrace "$$bin/millrace" --python .build/peers $(BENCH)

bench-program: setup
	$(RELEASE) --product millrace
	$(RELEASE) --product bench

chaos: setup ## break a system under load at random, and check what it keeps (CHAOS='--seconds 60 --seed 7')
	@$(call install,$(CHAOS_PACKAGES))
	$(RELEASE) --product millrace
	$(RELEASE) --product chaos
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/chaos" --millrace "$$bin/millrace" $(CHAOS)

clean: ## remove what was built; the data folder .millrace stays
	rm -rf .build

# Installs those of the packages $(1) that are missing; another program in place of a package will do.
define install
missing=; \
command -v dpkg-query >/dev/null || { echo "Not a Debian: make sure that these are there: $(1)"; exit 0; }; \
for package in $(1); do \
    [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null)" = installed ] && continue; \
    case $$package in \
    linux-perf) command -v perf >/dev/null && continue ;; \
    python3-venv) python3 -c 'import ensurepip' 2>/dev/null && continue ;; \
    redis-server) command -v redis-server >/dev/null && continue ;; \
    nginx-light) command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] && continue ;; \
    postgresql) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && continue ;; \
    esac; \
    missing="$$missing $$package"; \
done; \
[ -n "$$missing" ] || exit 0; \
echo "Installing with apt:$$missing"; \
sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
if [ -n "$$sudo" ] && ! command -v sudo >/dev/null; then \
    echo "Neither root nor sudo: have an administrator run: apt-get install$$missing" >&2; exit 1; \
fi; \
$$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing
endef
