# The commands a person types. None is needed to use or to test the library: go test ./... does without make.

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: generate
generate: ## Rebuild gen/ from api/openapi.yaml
	go generate ./...

.PHONY: check-generate
check-generate: ## Fail when gen/ is out of step with api/openapi.yaml
	bash .ci/check-generate

.PHONY: breaking
breaking: ## List what changed since BASE (a git revision), and fail when it breaks callers
	bash .ci/breaking $(BASE)

.PHONY: planted
planted: ## Fail when one of these checks misses a fault that is planted for it
	bash .ci/planted

.PHONY: lint
lint: ## Check formatting, vet, staticcheck and the workflows
	bash .ci/lint

.PHONY: test
test: ## Run all tests
	go test ./...

.PHONY: race
race: ## Run all tests with the race detector
	go test -race ./...

.PHONY: cover
cover: ## Show what of wrapper/ the tests reach
	go test -coverprofile=cover.out -coverpkg=./wrapper ./...
	go tool cover -func=cover.out

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (1m)
	bash .ci/fuzz $(or $(FUZZTIME),1m)

.PHONY: bench
bench: ## Print what the client costs in relation to hand-written code (ROUNDS=101)
	go run ./test/bench/ratios -rounds $(or $(ROUNDS),101)

.PHONY: demo
demo: ## Run an access review against an in-memory m3ter
	go run ./examples/accessreview
