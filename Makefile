# The commands for developing and running Millrace. `make help` lists them.

# The required system packages, by their names in Debian. This is the only list.
BUILD_PACKAGES := libargon2-dev libfcgi-dev libpcre2-dev libpq-dev libssl-dev pkg-config
RUN_PACKAGES   := postgresql
TEST_PACKAGES  := iproute2 libfcgi-perl nginx-light pgbouncer php-fpm python3
CHAOS_PACKAGES := iproute2
BENCH_PACKAGES := haproxy linux-perf nginx-light
PEER_PACKAGES  := nginx-light python3-venv redis-server

SWIFT   ?= swift
FUZZ    ?= -max_total_time=60
SOURCES := Package.swift Sources Tests Benchmarks Fuzz/Package.swift Fuzz/Sources/Fuzz proxy sql
# --disable-local-rpath: no RUNPATH in the programs, because they need no library from their own folder.
RELEASE := $(SWIFT) build -c release --static-swift-stdlib --disable-local-rpath

.DEFAULT_GOAL := help
.PHONY: help run test build setup user packages build-packages test-packages format lint fuzz bench bench-waiting bench-table bench-balancer bench-queue bench-peers bench-program chaos clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: setup user ## install missing packages, build a release, start the whole system on http://127.0.0.1:8000
	$(RELEASE) --product millrace
	@exec "$$($(RELEASE) --show-bin-path)/millrace" up

# The tests do not run in parallel: most of them start servers, and two at a time would make the machine so busy that
# timeouts expire.
test: setup test-packages ## install missing packages, run all tests
	$(SWIFT) test --no-parallel

build: setup ## build a release: .build/release/millrace
	$(RELEASE) --product millrace

setup: packages
	@command -v $(SWIFT) >/dev/null || { \
	    echo "Millrace needs Swift 6.2 or newer: https://www.swift.org/install/linux" >&2; exit 1; }

# If root starts the system, nodes, workers and the balancer run as this user.
user:
	@[ "$$(id -u)" != 0 ] || [ -n "$$MILLRACE_USER" ] || id millrace >/dev/null 2>&1 || \
	    useradd --system --user-group --home-dir /nonexistent --shell /usr/sbin/nologin millrace

packages: build-packages ## install missing system packages (Debian, Ubuntu)
	@$(call install,$(RUN_PACKAGES))

build-packages: ## install the packages for building only (used by the Dockerfile)
	@$(call install,$(BUILD_PACKAGES))

test-packages: ## install the packages for the tests
	@$(call install,$(TEST_PACKAGES))

format: ## format the Swift sources
	$(SWIFT) format -i -r $(SOURCES)

lint: ## check the format of the Swift sources
	$(SWIFT) format lint --strict -r $(SOURCES)

fuzz: ## fuzz the parsers with the address sanitizer (options of libFuzzer: FUZZ='-runs=1000000')
	$(SWIFT) build -c release --package-path Fuzz --scratch-path .build/fuzz
	@for parser in http fastcgi config; do \
	    found=.build/fuzz/found/$$parser; mkdir -p $$found; \
	    SWIFT_BACKTRACE=enable=no .build/fuzz/release/fuzz --$$parser $$found Fuzz/Corpus/$$parser -dict=Fuzz/$$parser.dict \
	        -artifact_prefix=.build/fuzz/$$parser- -max_len=1024 -print_final_stats=1 $(FUZZ) \
	        >.build/fuzz/$$parser.log 2>&1 || { cat .build/fuzz/$$parser.log; exit 1; }; \
	    echo "$$parser: $$(sed -n 's/^stat::number_of_executed_units: *//p' .build/fuzz/$$parser.log) executions"; \
	done

bench: bench-program ## build a release and measure it (options: BENCH='--seconds 5')
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" system --millrace "$$bin/millrace" $(BENCH)

bench-waiting: bench-program ## measure 5,000 clients that wait for results (BENCH='--clients 1000')
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" waiting --millrace "$$bin/millrace" $(BENCH)

bench-table: bench-program ## measure the table of the queue and its claims for ten minutes (BENCH='--minutes 2')
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" table --millrace "$$bin/millrace" $(BENCH)

bench-balancer: bench-program ## compare the balancer with nginx and HAProxy (BENCH='--workers 1')
	@$(call install,$(BENCH_PACKAGES))
	$(RELEASE) --product AllocationCounter
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" balancer --millrace "$$bin/millrace" \
	    --counter "$$bin/libAllocationCounter.so" $(BENCH)

bench-queue: bench-program ## compare the queue with plain sessions that run the same statements (BENCH='--rounds 1')
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" queue --millrace "$$bin/millrace" $(BENCH)

bench-peers: bench-program ## compare Millrace with pgqueuer and Celery (BENCH='--rounds 1')
	@$(call install,$(PEER_PACKAGES))
	python3 -m venv .build/peers
	.build/peers/bin/pip install -q -r Benchmarks/Peers/requirements.txt
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/bench" peers --millrace "$$bin/millrace" --python .build/peers $(BENCH)

bench-program: setup user
	$(RELEASE) --product millrace
	$(RELEASE) --product bench

chaos: setup ## cause random failures under load, then look for lost tasks (CHAOS='--seconds 60 --seed 7')
	@$(call install,$(CHAOS_PACKAGES))
	$(RELEASE) --product millrace
	$(RELEASE) --product chaos
	@bin=$$($(RELEASE) --show-bin-path); exec "$$bin/chaos" --millrace "$$bin/millrace" $(CHAOS)

clean: ## remove build products; keep the data folder .millrace
	rm -rf .build

# Installs the packages of $(1) that are missing. For some packages, a program from another source is accepted too.
define install
missing=; \
command -v dpkg-query >/dev/null || { echo "This is not Debian or Ubuntu. Make sure that these packages are installed: $(1)"; exit 0; }; \
for package in $(1); do \
    [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null)" = installed ] && continue; \
    case $$package in \
    linux-perf) command -v perf >/dev/null && continue ;; \
    python3) command -v python3 >/dev/null && continue ;; \
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
    echo "You are not root, and sudo is missing. Ask an administrator to run: apt-get install$$missing" >&2; exit 1; \
fi; \
$$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $$missing
endef
