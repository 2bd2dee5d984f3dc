# Every command anyone needs. Plain `make` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export CGO_ENABLED ?= 0
export GOFLAGS ?= -mod=readonly
export DO_NOT_TRACK = 1
export SAM_CLI_TELEMETRY = 0

GOARCH_LAMBDA ?= arm64
PUBLIC ?= ../shared/data
VENV = .tools/venv
CSR = go build -o build/csr ./infra/csr && build/csr

.PHONY: help run test check localstack lint build bench fuzz train eval eval-safety new catalog permissions token send import company safeguarding budget migrate deploy clean cover

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## the whole platform in one process on http://localhost:3000 (PORT), with sample data; reports in out/
	@echo "compiling: about two minutes the first time, then seconds"
	@go build -o build/standalone ./infra/standalone && exec build/standalone

test: ## every test that needs no cloud: real Postgres, embedded NATS, journey, kill tests
	@echo "testing: ten to fifteen minutes on two cores the first time; what did not change is not tested again"
	@PUBLIC="$(abspath $(PUBLIC))" go test -timeout 20m ./...
	@test -d "$(PUBLIC)/moderation" || echo "NOT MEASURED: HateCheck, OpenAI-1680 and Presidio, which are not this repository's; PUBLIC=<folder of the public data sets> measures them"

check: lint test localstack ## exactly what CI runs

lint: $(VENV)/lint ## vet, staticcheck, gofumpt, generated files, the catalogue in README, the template
	@echo "linting: two to five minutes the first time"
	@unformatted=$$(go tool gofumpt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "gofumpt would change:"; echo "$$unformatted"; exit 1; fi
	@go vet ./...
	@go tool staticcheck ./...
	@$(CSR) catalog -check README.md
	@$(VENV)/bin/cfn-lint template.yaml infra/stacks/*.yaml
	@AWS_DEFAULT_REGION=eu-central-1 $(VENV)/bin/sam validate --lint --template template.yaml
	@echo "lint: nothing to say"

build: ## every Lambda, as it is deployed: build/<kind>/<name>/bootstrap (arm64)
	@echo "building every function: two to five minutes the first time, then seconds"
	@for main in functions/*/*/lambda; do \
	  name=$$(dirname $${main#functions/}); \
	  GOOS=linux GOARCH=$(GOARCH_LAMBDA) CGO_ENABLED=0 go build -tags lambda.norpc -trimpath -ldflags "-s -w" -o build/$$name/bootstrap ./$$main || exit 1; \
	done; ls build/*/*/bootstrap | wc -l | xargs echo "functions built:"

localstack: $(VENV)/lint ## the Lambda binaries on an AWS emulator: deploy, journey, redeploy, tear down (EMULATOR=localstack uses yours)
	@go run ./infra/localstack

bench: ## ratios against a bare floor in the same run: webhook ingest, CSV import, function init, zip sizes
	@go run ./infra/bench

fuzz: ## every fuzz test for FUZZTIME (30s)
	@for package in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for target in $$(grep -ho '^func Fuzz[A-Za-z0-9]*' $$package/*_test.go | cut -c6-); do \
	    echo "$$package $$target"; go test $$package -run '^$$' -fuzz "^$$target$$" -fuzztime $${FUZZTIME:-30s} || exit 1; \
	  done; \
	done

train: ## the weights of the local model anew, bit for bit, in about two hours: DATA=<folder of the public data sets>
	@test -d "$(DATA)/goemotions" || { echo "make train needs DATA=<folder of the public data sets>; $(DATA) holds no goemotions/"; exit 2; }
	@test -d build/train/venv || { python3 -m venv build/train/venv && build/train/venv/bin/pip install -q -r infra/models/train/requirements.txt; }
	@OMP_NUM_THREADS=1 build/train/venv/bin/python infra/models/train/embed.py "$(DATA)" build/train
	@go run ./infra/models/train -examples -data "$(DATA)" -work build/train
	@build/train/venv/bin/python infra/models/train/teach.py build/train
	@build/train/venv/bin/python infra/models/train/student.py build/train
	@go run ./infra/models/train -data "$(DATA)" -work build/train

eval: ## how well texts are scored, beside the lexicon and the majority: [DATA=<file or folder of JSONL>] [FLAGS=-json] [RECORD=1 [WHY=…]]
	@go run ./infra/models/eval $(if $(DATA),-data "$(DATA)") $(if $(RECORD),-record $(if $(WHY),-why "$(WHY)")) $(FLAGS)

eval-safety: ## how well harm is found, who is flagged wrongly, and PII: [DATA=…] [PUBLIC=../shared/data] [FLAGS=-json] [RECORD=1 [WHY=…]]
	@go run ./infra/models/evalsafety $(if $(DATA),-data "$(DATA)") -public "$(PUBLIC)" $(if $(RECORD),-record $(if $(WHY),-why "$(WHY)")) $(FLAGS)
	@$(if $(DATA)$(findstring json,$(FLAGS)),,go run ./infra/models/pii $(if $(wildcard $(PUBLIC)/pii),-data "$(PUBLIC)/pii"))

new: ## a new function: KIND=webhooks NAME=benevity [HEARS=kintell.session.scheduled] [ROLES=operators]
	@$(CSR) new -kind "$(KIND)" -name "$(NAME)" -hears "$(HEARS)" -roles "$(ROLES)"

catalog: ## write the function table into README.md from the package comments
	@$(CSR) catalog -write README.md

permissions: ## who may use which route
	@$(CSR) permissions

token: ## print a development token: ROLE=company_admin COMPANY=<slug> [PORT=3000]
	@$(CSR) token -role "$(ROLE)" -company "$(COMPANY)" -port "$(or $(PORT),3000)"

send: ## sign a sample for the running process and send it: FILE=events/webhooks/kintell/<case>.json [COMPANY=<slug>] [FLAGS=-forged|-stale|-repeat]
	@$(CSR) send -file "$(FILE)" -company "$(COMPANY)" -port "$(or $(PORT),3000)" $(FLAGS)

import: ## upload a file: KIND=kintell-language FILE=… COMPANY=<slug>
	@$(CSR) import -kind "$(KIND)" -file "$(FILE)" -company "$(COMPANY)" -port "$(or $(PORT),3000)"

company: ## make a company and show its webhook URL and secret once: NAME=… SLUG=… [TIMEZONE=UTC]
	@$(CSR) company -name "$(NAME)" -slug "$(SLUG)" -timezone "$(or $(TIMEZONE),UTC)" -port "$(or $(PORT),3000)"

safeguarding: ## who is told at once of self-harm and harm to children: EMAIL=… [NAME=…] [DATABASE_URL=… of csr_service]
	@$(CSR) safeguarding -email "$(EMAIL)" -name "$(NAME)"

budget: ## what paid models may cost a company a month: COMPANY=<slug> USD=<amount|default> [DATABASE_URL=… of csr_service]
	@$(CSR) budget -company "$(COMPANY)" -usd "$(USD)"

migrate: ## bring a database up to date: DATABASE_OWNER_URL=postgresql://…
	@go run ./infra/migrate

deploy: $(VENV)/lint build ## sam deploy with your AWS credentials; settings in samconfig.toml
	@$(VENV)/bin/sam deploy

clean: ## remove what was built and the data of `make run`
	@if [ -e .local/lock ] && ! flock -n .local/lock true; then echo "the platform is running on .local: stop it first"; exit 1; fi
	@if [ -L .local/postgres ]; then rm -rf "$$(readlink .local/postgres)"; fi
	@rm -rf build out .local

# The linters, the SAM CLI and the emulator live in a virtual environment of their own.
$(VENV)/lint: infra/localstack/requirements.txt
	@command -v python3 > /dev/null || { echo "cfn-lint, the SAM CLI and the emulator need python3 with venv and pip"; exit 2; }
	@echo "installing cfn-lint, the SAM CLI and the emulator by pip into $(VENV): a minute or two, once"
	@python3 -m venv $(VENV) && $(VENV)/bin/pip install --quiet --disable-pip-version-check -r $< && touch $@
