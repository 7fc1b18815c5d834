#!/usr/bin/env bash
# CI: a room packed by `npm run pack:room` works without a network, in an empty home: npm start, a notebook, a test.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

node scripts/room.mjs --to "$place"
mkdir "$place/home"
tar -xzf "$place"/*.tar.gz -C "$place"
# Without the right to make a network of its own, the registry at least is dead.
offline=()
if unshare --net true 2>/dev/null; then offline=(unshare --net); fi
"${offline[@]}" env -i PATH="$PATH" HOME="$place/home" npm_config_registry=http://127.0.0.1:9 bash -euo pipefail -c '
  cd "$1"/lolas-pi-*/
  command -v ip >/dev/null && ip link set lo up 2>/dev/null || true
  npm start -- --samples 1e7 2>&1 | tee ../start.log
  node scripts/lesson.mjs --port 0 --no-open >../lesson.log 2>&1 &
  lesson=$!
  for _ in $(seq 300); do grep -q "The lesson is at" ../lesson.log && break; sleep 0.1; done
  kill "$lesson"
  cat ../lesson.log
  grep -q "The lesson is at" ../lesson.log
  if grep -hE "lolas-pi: (installing|building)" ../start.log ../lesson.log; then echo "the room was not ready"; exit 1; fi
  grep -q "One integer at every stage" ../start.log
  LOLA_QUICK=1 npm test -- test/sampling/partition.test.ts test/notebooks/lesson.test.ts -t "partition|01-serial"
' room "$place"
