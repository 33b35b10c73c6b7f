#!/usr/bin/env bash
# Tests the clients and the samples: builds what is to be built, installs what they need below one directory, skips nothing.
# CLIENTS_TARGET is that directory (default: target/ beside this file), CARGO_TARGET_DIR what Cargo builds in (default: below it).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Absolute, because what follows works in several directories.
target=$(realpath -m "${CLIENTS_TARGET:-$here/target}")
export CLIENTS_NPM=$target/npm CLIENTS_RUST_TARGET=$(realpath -m "${CARGO_TARGET_DIR:-$target/rust}") PYTHONDONTWRITEBYTECODE=1
export CLIENTS_RUST_EXAMPLE=$CLIENTS_RUST_TARGET/debug/examples/sign

missing=()
for pair in node:nodejs npm:npm python3:python3 curl:curl openssl:openssl cc:gcc; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
done
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
if ((${#missing[@]})); then
  echo "These are missing: ${missing[*]}. On Debian and Ubuntu: apt-get install ${missing[*]}" >&2
  exit 1
fi
command -v cargo >/dev/null || { echo 'Cargo is missing: install Rust' >&2; exit 1; }

mkdir -p "$CLIENTS_NPM"
[[ -x $target/venv/bin/python ]] || python3 -m venv "$target/venv"
"$target/venv/bin/python" -m pip install --quiet --requirement "$here/tests/requirements.txt"
[[ -d $CLIENTS_NPM/node_modules/yoti && -d $CLIENTS_NPM/node_modules/typescript ]] ||
  npm install --prefix "$CLIENTS_NPM" --no-save --no-audit --no-fund --ignore-scripts --silent yoti@4 typescript@5 @types/node@18

export CARGO_TARGET_DIR=$CLIENTS_RUST_TARGET
cd "$here/rust"
cargo fmt --check -- --config-path "$here/../rustfmt.toml"
cargo clippy --quiet --locked --all-targets -- -D warnings
cargo test --quiet --locked
cargo build --quiet --locked --examples

cd "$here/tests"
"$target/venv/bin/python" run.py
