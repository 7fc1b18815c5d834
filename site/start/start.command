#!/bin/sh
# Opens the lesson: double-click it on macOS, or run `sh start.command` in a terminal.
cd "$(dirname "$0")" || exit 1
for folder in ./node-v*/bin; do [ -x "$folder/node" ] && PATH="$PWD/$folder:$PATH"; done
if ! command -v node >/dev/null; then
  echo 'This needs Node: https://nodejs.org/en/download. Unpack the archive into this folder, and run this again.'
  exit 1
fi
exec node serve.mjs "$@"
