# What a developer does here. `make help` lists it.

.PHONY: help test suite from-outside doc lint fuzz demo serve bench spine chaos contracts deny clean

help: ## List what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## Run every check and every test; installs what it needs beyond Rust (on Debian)
	@scripts/needs.sh
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	cargo test --locked --no-run
	@# Most of either's time is waiting.
	$(MAKE) --no-print-directory --jobs=2 --output-sync=line suite from-outside doc
	scripts/try-scaffold.sh
	scripts/try-tls.sh

# Cargo would look for a job server in them that it is not handed.
suite from-outside doc: export MAKEFLAGS :=
suite from-outside doc: export MFLAGS :=

suite: ## The tests alone, on SQLite and on PostgreSQL
	cargo test --locked
	scripts/test-on-postgres.sh

from-outside: ## What others see of a running server: clients, API document, connect page, replicas behind a proxy
	scripts/try-clients.sh
	scripts/try-document.sh
	scripts/try-connect-page.sh
	scripts/try-replicas.sh

doc: ## The documentation of the code, without a warning
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked --quiet

lint: ## Formatting and lints only
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

fuzz: ## Fuzz every parser of foreign bytes, ten minutes each (scripts/fuzz.sh SECONDS TARGET for less)
	scripts/fuzz.sh

demo: ## Play a whole story on this machine (cargo run -- demo --provider ... for another ATS)
	cargo run -- demo

serve: ## Serve on 127.0.0.1:8080, with calls into this machine allowed
	CROSSCHECK_ALLOWED_TARGETS=127.0.0.0/8 cargo run -- serve

bench: ## The translation beside its floor
	cargo bench --bench translate

spine: ## Durable send_test under load on both engines, delivered while it runs, beside a floor
	cargo bench --bench spine

chaos: ## Kill it and its database hundreds of times under load (about ten minutes; uses PostgreSQL, too)
	cargo bench --bench chaos

contracts: ## Write openapi/, schemas/unified/bodies.json, docs/providers/ and docs/ERRORS.md anew
	CROSSCHECK_WRITE_CONTRACTS=1 cargo test --test it contracts

deny: ## Licences, advisories and sources of the dependencies (installs cargo-deny where it is missing)
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check

clean: ## Remove what was built
	cargo clean
