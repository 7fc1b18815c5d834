#!/usr/bin/env node
// The `lola` command: makes sure the clone is installed and built, then hands over to tools/cli.
import { prepare } from './prepare.mjs';

const words = process.argv.slice(2);
if (words[0] === 'doctor') {
  const { main } = await import('./doctor.mjs');
  process.exitCode = main(words.slice(1)); // it says what is missing, so it must not install it first
} else {
  prepare();
  const { main } = await import('../dist/tools/cli/main.js');
  await main(words);
}
