// `lola doctor`: what this machine has. The work is in scripts/doctor.mjs, which also runs before any install.
import type { Command } from 'commander';
import { main } from '../../scripts/doctor.mjs';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'say what is here (Node, cores, memory, Jupyter, Slurm) and what to do about what is missing',
    )
    .option('--json', 'print one JSON object instead of text')
    .action(({ json }: { json?: boolean }) => {
      process.exitCode = main(json ? ['--json'] : []);
    });
}
