# `make` lists the targets. CI runs the same ones, by .ci/run.

EXECUTOR ?= docker
EXAMPLE  ?= churn
T        ?= 30s
N        ?= 50
GO       ?= go
# Under the race detector a program waits a second before it ends, and the stories start
# thousands of them.
export GORACE ?= atexit_sleep_ms=10

.DEFAULT_GOAL := help
.PHONY: help build test race e2e e2e-forge act versitygw postgres fuzz lint golden generate bench images demo soak release clean sigstore

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/mlops, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -funcalign=16" -o bin/mlops ./cmd/mlops

test: ## all tests; those that need Docker are skipped, with a reason, where none answers
	$(GO) test -timeout 60m $(TESTFLAGS) ./...

race: ## all tests under the race detector
	$(GO) test -timeout 60m -race $(TESTFLAGS) ./...

e2e: build images ## all tests, and a failure where Docker does not answer; then the demo, checked
	MLOPS_NEED_DOCKER=1 $(GO) test -timeout 60m $(TESTFLAGS) ./...
	.ci/e2e

e2e-forge: ## comments and statuses on a real Gitea, which is built first; minutes of CPU the first time
	.ci/e2e-forge

act: ## bin/act, which runs workflows on this machine; the tests of actions/ need it
	GOBIN=$(CURDIR)/bin $(GO) install github.com/nektos/act@v0.2.89

versitygw: ## bin/versitygw, which speaks S3 on this machine; the tests of runner/source and runner/remote need it
	CGO_ENABLED=0 GOBIN=$(CURDIR)/bin $(GO) install github.com/versity/versitygw/cmd/versitygw@v1.8.0

postgres: ## the index's tests, also on a PostgreSQL server that is started for them; needs Debian's postgresql
	MLOPS_NEED_POSTGRES=1 .ci/postgres $(GO) test $(TESTFLAGS) ./runner/index
	MLOPS_NEED_POSTGRES=1 .ci/postgres $(GO) test $(TESTFLAGS) ./cmd/mlops -run '^TestScripts$$/^index_postgres$$'
sigstore: ## signed statements, read by sigstore-go and in-toto's own types; a module of its own
	cd runner/provenance/sigstoretest && $(GO) test ./...

fuzz: ## each fuzz target for T=30s
	.ci/fuzz $(T)

lint: ## gofmt, go vet, staticcheck, shell and Python syntax
	.ci/lint

golden: ## rewrite scripts' and golden files' expectations; the diff is the review
	.ci/golden

generate: ## schemas, reference and tables from code
	$(GO) generate ./...

bench: build ## speed and memory beside peers and floors; BENCH='-only noop -rounds 5'
	$(GO) run ./cmd/bench $(BENCH)

images: ## the examples' images, without a registry
	examples/images/make

demo: ## run an example: EXECUTOR=docker|host EXAMPLE=churn|ames|minimal
	examples/demo $(EXAMPLE) $(EXECUTOR)

soak: build images ## run the small example N=50 times, kill runs for T=10m, and look for what was left behind
	.ci/soak $(N) $(if $(filter file default,$(origin T)),10m,$(T))

release: ## bin/release/: archives with static binaries, what is in them, and checksums; VERSION=v0.4.0
	.ci/release $(VERSION)

clean: ## remove what these targets made, but no image
	rm -rf bin examples/*/out examples/*/.mlops
