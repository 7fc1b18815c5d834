#!/usr/bin/env node
// The `lola` command: makes sure the clone is installed and built, then hands over to lib/cli.
import { prepare } from './prepare.mjs';

prepare();
const { main } = await import('../dist/cli/main.js');
await main(process.argv.slice(2));
