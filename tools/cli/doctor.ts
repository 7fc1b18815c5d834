// `lola doctor`: what this machine has. scripts/lola.mjs runs it itself, before any install; here it is listed for --help.
import type { Command } from 'commander';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'say what is here (Node, cores, memory, Jupyter, Slurm) and what to do about what is missing',
    )
    .option('--json', 'print one JSON object instead of text');
}
