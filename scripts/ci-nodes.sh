#!/usr/bin/env bash
# CI: the README's two commands on other lines of Node, each in a fresh clone with an empty home: ci-nodes.sh 22 24 26
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

for line in "$@"; do
  begun=$SECONDS
  here=$place/$line
  mkdir -p "$here/home"
  if [ -f "$HOME/.npmrc" ]; then cp "$HOME/.npmrc" "$here/home/"; fi
  npm install --silent --no-audit --no-fund --prefix "$here" "node@$line" # this package brings Node's own binary
  git clone -q "$root" "$here/clone"
  # Empty but for the way to the registry: a site may have a proxy, and a certificate of its own.
  network=$(env | grep -iE '^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|npm_config_[a-z_]*)=' || true)
  mapfile -t network <<<"$network"
  env -i ${network[0]:+"${network[@]}"} PATH="$here/node_modules/node/bin:$PATH" HOME="$here/home" LANG=C.UTF-8 CI=true bash -euo pipefail -c '
    cd "$1"
    echo "== Node $(node --version), npm $(npm --version)"
    npm start -- --samples 1e7
    npm test
  ' node-line "$here/clone" </dev/null
  left=$(git -C "$here/clone" status --porcelain)
  if [ -n "$left" ]; then printf 'it leaves these behind, neither tracked nor ignored:\n%s\n' "$left"; exit 1; fi
  rm -rf "$here"
  echo "== Node $line: $((SECONDS - begun)) s"
done
