// `lola report`: a recorded run as one HTML file.
import type { Command } from 'commander';
import { readEventsFile } from '../dashboard/events-file.js';
import { renderReport } from '../dashboard/report.js';
import { writeReport } from './watch.js';

export function addReport(program: Command): void {
  program
    .command('report')
    .description('draw a recorded run as one HTML file, to open without a server')
    .argument('<EVENTS>', 'a file that --events has written')
    .option('--out <FILE>', 'absent: the name of EVENTS, ending in .html')
    .action((events: string, { out }: { out?: string }) => {
      const path = out ?? `${events.replace(/\.jsonl$/, '')}.html`;
      writeReport(path, renderReport(readEventsFile(events)));
      process.stderr.write(`The report is in ${path}. Open it in a browser.\n`);
    });
}
