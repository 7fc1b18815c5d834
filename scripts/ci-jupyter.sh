#!/usr/bin/env bash
# Runs every notebook in a real Jupyter, as CI does beside the tests. Needs: jupyter nbconvert.
# The last line is 'N passed, N failed'; the exit code is 0 when all passed. LOLA_QUICK=1 (the default here) takes fewer
# samples; LOLA_QUICK= runs them in full.
set -uo pipefail
cd "$(dirname "$0")/.."
export JUPYTER_PATH="$PWD/jupyter${JUPYTER_PATH:+:$JUPYTER_PATH}" LOLA_QUICK="${LOLA_QUICK-1}"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
passed=0
failed=0
node scripts/prepare.mjs || exit 1
for notebook in notebooks/*.ipynb; do
  if jupyter nbconvert --to notebook --execute --output-dir "$out" "$notebook" >"$out/log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $notebook"
  else
    failed=$((failed + 1))
    echo "FAILED  $notebook"
    tail -20 "$out/log"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
