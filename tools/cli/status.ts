// `lola status`: who is in the cluster, and how much there is to do.
import type { Command } from 'commander';
import { askStatus } from '../../lib/cluster/index.js';
import { table } from './table.js';
import { addWhereFlags, readWhereFlags, warn, type WhereFlags } from './whereabouts.js';

export function addStatus(program: Command): void {
  addWhereFlags(
    program.command('status').description('show the workers of a cluster, and how much is left to do'),
  )
    .option('--json', 'print one JSON object instead of text')
    .action(runStatus);
}

async function runStatus({ json, ...flags }: WhereFlags & { readonly json?: boolean }): Promise<void> {
  const { workers, clients, waiting } = await askStatus(readWhereFlags(flags), warn);
  if (json) return void process.stdout.write(`${JSON.stringify({ workers, clients, waiting })}\n`);
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const all = [count(workers.length, 'worker'), count(clients, 'client'), count(waiting, 'task')];
  const lines = [`${all.join(', ')} waiting`];
  if (workers.length === 0) lines.push('Start a worker: lola worker');
  else {
    const head = ['worker', 'threads', 'batches running', 'tasks finished', 'MiB'];
    const rows = workers.map(({ name, leaving, ...numbers }) => [
      leaving ? `${name} (leaving)` : name,
      ...[numbers.threads, numbers.running, numbers.finished].map(String),
      numbers.memoryBytes === undefined ? '-' : (numbers.memoryBytes / 2 ** 20).toFixed(0),
    ]);
    lines.push('', table(head, rows));
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
