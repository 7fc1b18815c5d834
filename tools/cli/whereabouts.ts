// The flags that say where a scheduler is, alike for every command that looks for one.
import type { Command } from 'commander';
import { InvalidArgumentError } from '../../lib/errors.js';
import type { Whereabouts } from '../../lib/cluster/scheduler-file.js';

/** As commander gives them. */
export interface WhereFlags {
  readonly scheduler?: string;
  readonly schedulerFile?: string;
}

/** Adds the flags. */
export function addWhereFlags(command: Command): Command {
  return command
    .option('--scheduler <ADDRESS>', 'where the scheduler listens, such as ws://127.0.0.1:8786')
    .option('--scheduler-file <FILE>', 'the file with its address and token (default: the one in your home)');
}

/** Reads the flags; undefined where neither was given. */
export function readWhereFlags({ scheduler, schedulerFile }: WhereFlags): Whereabouts | undefined {
  if (scheduler === '' || schedulerFile === '')
    throw new InvalidArgumentError("--scheduler and --scheduler-file must not be empty, got ''.");
  return scheduler === undefined && schedulerFile === undefined
    ? undefined
    : { address: scheduler, file: schedulerFile };
}

/** Warnings go where they do not mix with results. */
export function warn(text: string): void {
  process.stderr.write(`lola: warning: ${text}\n`);
}
