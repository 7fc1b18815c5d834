#!/usr/bin/env node
// The `lola` command: makes sure the clone is installed and built, then hands over to tools/cli.
import { availableParallelism } from 'node:os';
import { addressWarning, filesAdvice, limitsHere } from './limits.mjs';
import { goWhereTyped } from './systems.mjs';

const words = process.argv.slice(2);
if (words[0] === 'doctor') {
  const { main } = await import('./doctor.mjs');
  process.exitCode = main(words.slice(1)); // it says what is missing, so it must not install it first
} else {
  // A process that another one started uses the build that one runs on, and leaves it what the terminal says.
  if (process.connected) for (const signal of ['SIGINT', 'SIGBREAK', 'SIGHUP']) process.on(signal, () => {});
  else {
    (await import('./prepare.mjs')).prepare();
    const warning = addressWarning(limitsHere(), availableParallelism());
    if (warning) process.stderr.write(`lola: warning: ${warning}\n`);
    goWhereTyped('start');
  }
  try {
    const { main } = await import('../dist/tools/cli/main.js');
    await main(words);
  } catch (error) {
    const advice = filesAdvice(error);
    if (!advice) throw error;
    process.stderr.write(`lola: ${advice}\n`);
    if (words.includes('--debug')) process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  } finally {
    if (process.connected) process.disconnect(); // a command that is done ends, also if the one that started it lives
  }
}
