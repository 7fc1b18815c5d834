// `lola dashboard`: where the dashboards of this account are, with their tokens.
import type { Command } from 'commander';
import { EXIT } from './exit.js';
import { announce, notedDashboards } from './watch.js';

export function addDashboard(program: Command): void {
  program
    .command('dashboard')
    .description('print the addresses of the dashboards you have running (with the token on a terminal only)')
    .action(() => {
      const noted = notedDashboards();
      for (const each of noted) {
        process.stdout.write(`${each.title} (process ${each.pid})\n`);
        announce(each, process.stdout);
      }
      if (noted.length > 0) return;
      process.stderr.write(
        'No dashboard is up. Start one with lola scheduler, or add --dashboard to lola pi or lola start.\n',
      );
      process.exitCode = EXIT.failed;
    });
}
