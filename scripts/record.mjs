// `npm run record`: runs notebooks and commands in full and keeps what they show in episodes/recorded, for everyone.
import { fileURLToPath } from 'node:url';
import { EpisodeError, runAsCommand } from './episodes/errors.mjs';
import { prepare } from './prepare.mjs';
import { recordCommands } from './record/commands.mjs';
import { checkStem, notebookStems, recordNotebook } from './record/notebook.mjs';

const HELP = `npm run record -- 03-pool [...]         runs notebooks in full, in the real kernel
npm run record -- --all                 all of them
npm run record -- --commands [NAME...]  the commands of episodes/recorded/commands.list.json (absent: all)
Then \`npm run episodes\` fills the episodes. Record on a machine that does nothing else.
`;
const root = fileURLToPath(new URL('..', import.meta.url));

async function recordNotebooks(stems) {
  for (const stem of stems) checkStem(root, stem);
  // The kernel and its runner are those of the tests, in TypeScript; vite, which runs the tests, loads them here too.
  const { runnerImport } = await import('vite');
  const runner = fileURLToPath(new URL('../test/support/notebook-runner.ts', import.meta.url));
  const { module } = await runnerImport(runner, { configFile: false, root, logLevel: 'error' });
  for (const stem of stems) {
    await recordNotebook(root, stem, module.runNotebook);
    process.stdout.write(`recorded ${stem}\n`);
  }
}

await runAsCommand(async (words) => {
  const [first, ...more] = words;
  const flags = words.filter((word) => word.startsWith('-'));
  if (first === '--help' && words.length === 1) return void process.stdout.write(HELP);
  prepare();
  if (first === '--all' && words.length === 1) return recordNotebooks(notebookStems(root));
  if (first === '--commands' && flags.length === 1) return recordCommands(root, more);
  if (words.length > 0 && flags.length === 0) return recordNotebooks(words);
  throw new EpisodeError(
    'BAD_ARGUMENT',
    `npm run record: cannot read '${words.join(' ')}'. Known:\n${HELP.trimEnd()}`,
  );
});
