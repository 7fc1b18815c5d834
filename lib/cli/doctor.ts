// `lola doctor`: what this machine has. The work is in scripts/doctor.mjs, which also runs before any install.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is here (Node, cores, memory, Jupyter, Slurm) and what to do about what is missing')
    .option('--json', 'print one JSON object instead of text')
    .action(({ json }: { json?: boolean }) => {
      const script = fileURLToPath(new URL('../../scripts/doctor.mjs', import.meta.url));
      const { status } = spawnSync(process.execPath, [script, ...(json ? ['--json'] : [])], { stdio: 'inherit' });
      process.exitCode = status ?? 1;
    });
}
