# Short names for common development commands. Nothing requires make: go test ./... tests the client.

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: generate
generate: ## Rebuild all generated code from api/openapi.yaml
	go generate ./...

.PHONY: check-generate
check-generate: ## Fail if the generated code does not match api/openapi.yaml
	bash .ci/check-generate

.PHONY: breaking
breaking: ## List the changes since BASE (a git revision); fail if one may break callers and the version does not announce it
	bash .ci/breaking $(BASE)

.PHONY: planted
planted: ## Fail if check-generate or breaking misses a fault that is planted for it
	bash .ci/planted

.PHONY: lint
lint: ## Check formatting and workflows, and run go vet and staticcheck
	bash .ci/lint

.PHONY: test
test: ## Run all tests, except those of the separate modules
	go test ./...

.PHONY: race
race: ## Run the same tests with the race detector
	go test -race ./...

.PHONY: cover
cover: ## Show how much of wrapper/ the tests cover
	go test -coverprofile=cover.out -coverpkg=./wrapper ./...
	go tool cover -func=cover.out

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (1m)
	bash .ci/fuzz $(or $(FUZZTIME),1m)

.PHONY: bench
bench: ## Print the cost of a call relative to handwritten code (ROUNDS=101)
	go run ./test/bench/ratios -rounds $(or $(ROUNDS),101)

.PHONY: demo
demo: ## Run an access review against an in-memory m3ter; unset all M3TER_ variables first
	go run ./examples/accessreview
