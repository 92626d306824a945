# Everything that is done to this repository. `make` builds, `make run` runs the
# whole system here, `make test` and `make lint` are what CI checks.
.DEFAULT_GOAL := build

# Set, not appended to: a -mod=mod or -buildvcs of the user must change nothing.
# Without a commit to name, or a git that refuses, there is nothing to stamp.
VCS := $(shell git rev-parse --verify --quiet HEAD >/dev/null 2>&1 && echo auto || echo false)
export GOFLAGS := -mod=readonly -buildvcs=$(VCS)
DEVSERVER_FLAGS := -mod=readonly -trimpath -buildvcs=false
export GOWORK := off
export GO111MODULE := on

GOTEST_FLAGS ?=
TIMEOUT ?= 30m
ARGS ?=

LINT_STAMP := bin/tools/.lint
SQLC_STAMP := bin/tools/.sqlc

.PHONY: build securitybot run test test-long scale deps deps-check lint fmt generate clean help

build: securitybot ## build bin/securitybot and the Temporal dev server beside it
	bin/securitybot devserver build --source devserver --out bin

securitybot:
	CGO_ENABLED=0 go build -o bin/securitybot ./cmd/securitybot

run: securitybot ## run everything here, with nobody's account; ARGS are further flags
	exec bin/securitybot run --devserver-source devserver $(ARGS)

# Both modules are tested even if one fails. The dev server's tests go without
# -race, which would compile a whole Temporal server once more for the few lines
# around it; with the flags of its build nothing is compiled twice.
test: build deps-check ## run every test; sets up what is missing
	@status=0; \
	echo "== dev server"; \
	( cd devserver && GOFLAGS='$(DEVSERVER_FLAGS)' \
		go test -timeout $(TIMEOUT) $(GOTEST_FLAGS) ./... ) || status=1; \
	echo "== securitybot"; \
	CGO_ENABLED=1 go test -race -p 2 -timeout $(TIMEOUT) $(GOTEST_FLAGS) ./... || status=1; \
	exit $$status

test-long: build deps-check ## the long form of the record's random and crowded tests
	SECURITYBOT_TEST_LONG=1 CGO_ENABLED=1 go test -race -timeout 60m ./internal/store

ALERTS ?= 1000000

scale: deps-check ## how long each page's queries take with a million alerts; or ALERTS=n
	SECURITYBOT_TEST_SCALE=$(ALERTS) go test -timeout 60m -count 1 -v -run TestScale ./internal/store/postgres

deps-check:
	@sh scripts/deps.sh check || $(MAKE) deps

deps: ## install what the tests need beside Go: PostgreSQL, Chromium, a C compiler
	@sh scripts/deps.sh install

lint: $(LINT_STAMP) ## check style, determinism of workflows, and who imports whom
	sh scripts/check-layout.sh
	bin/tools/golangci-lint run ./...
	cd devserver && GOFLAGS='$(DEVSERVER_FLAGS)' \
		../bin/tools/golangci-lint run --config ../.golangci.yml ./...
	bin/tools/workflowcheck ./workflows/...

fmt: $(LINT_STAMP) ## format all Go files
	bin/tools/golangci-lint fmt ./...
	cd devserver && ../bin/tools/golangci-lint fmt --config ../.golangci.yml ./...

generate: $(SQLC_STAMP) ## make the database code again, from migrations and queries
	cd internal/store && ../../bin/tools/sqlc generate

# The tools are modules of their own, so that what they need never meets what we
# ship. Each is compiled once, until its module changes.
$(LINT_STAMP): tools/lint/go.mod tools/lint/go.sum
	mkdir -p bin/tools
	cd tools/lint && go build -trimpath -ldflags='-s -w' -o ../../bin/tools/ tool
	touch $@

$(SQLC_STAMP): tools/sqlc/go.mod tools/sqlc/go.sum
	mkdir -p bin/tools
	cd tools/sqlc && go build -trimpath -ldflags='-s -w' -o ../../bin/tools/ tool
	touch $@

clean: ## remove what was built; the data in .securitybot stays
	rm -rf bin

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12
