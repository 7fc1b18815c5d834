// `npm run reading`: fills the numbers of lines in lib/README.md from the files that its tables name.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const page = new URL('../lib/README.md', import.meta.url);
const ROW = /^(\| \[([^\]]+)\]\(\2\) *\| )( *\d+)(?= \|)/gm;

const text = readFileSync(page, 'utf8');
const fresh = text.replace(ROW, (row, before, file, lines) => {
  const source = new URL(file, page);
  if (!existsSync(source)) {
    process.stderr.write(`lib/README.md names lib/${file}, which is gone. Remove its row.\n`);
    process.exitCode = 1;
    return row;
  }
  const count = readFileSync(source, 'utf8').split('\n').length - 1;
  return before + String(count).padStart(lines.length);
});
if (fresh !== text) writeFileSync(page, fresh);
process.stdout.write(fresh === text ? 'lib/README.md is up to date.\n' : 'Refreshed lib/README.md.\n');
