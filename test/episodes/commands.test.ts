// `npm run episodes` and `npm run record` from a shell: exit codes, messages, and what they write, in a clone made up.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/episode.js';
import { checkSettings } from '../../scripts/episodes/settings.mjs';
import { SOURCES } from '../../scripts/freshness.mjs';
import { cloneOf, type Clone } from '../support/made-up-clone.js';

const settings = {
  host: 'login.example.org',
  partition: 'long',
  account: 'lolas',
  modules: ['nodejs/22'],
  contact: 'help@example.org',
};
let clone: Clone;
beforeAll(() => {
  if (process.platform === 'win32') return; // where links need rights that few have
  clone = cloneOf({ 'episodes/settings.json': settings, 'notebooks/01-one.ipynb': { cells: [] } });
  cpSync(join(root, 'scripts'), join(clone.root, 'scripts'), {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  // Links, not copies: what is installed and built here is fresh for the clone too.
  for (const name of ['node_modules', 'dist', ...SOURCES, 'package-lock.json', 'tsconfig.json'])
    symlinkSync(join(root, name), join(clone.root, name));
});
afterAll(() => clone?.remove());

function run(script: 'episodes' | 'record', ...args: string[]) {
  const command = [join(clone.root, 'scripts', `${script}.mjs`), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { status, stdout, stderr };
}
const refusal = (what: string) =>
  `episodes/settings.json: ${what}. It holds host, partition, account, modules, contact; modules is a list.`;
const page = (text: string) => cpText('episodes/01-one.md', text);
function cpText(file: string, text: string): void {
  const made = cloneOf({ [file]: text });
  cpSync(join(made.root, file), join(clone.root, file));
  made.remove();
}

describe.skipIf(process.platform === 'win32')('npm run episodes', () => {
  const stale = 'Log in to <!-- setting: host --><!-- end -->.\n';
  const fresh = 'Log in to <!-- setting: host -->login.example.org<!-- end -->.\n';

  test('--check names what is stale and ends with 1; without it the places are filled, and all is well', () => {
    page(stale);
    expect(run('episodes', '--check')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'stale: episodes/01-one.md:1: setting: host\nlolas-pi: `npm run episodes` fills them.\n',
    });
    expect(clone.read('episodes/01-one.md')).toBe(stale);
    expect(run('episodes')).toEqual({ status: 0, stdout: 'filled episodes/01-one.md\n', stderr: '' });
    expect(clone.read('episodes/01-one.md')).toBe(fresh);
    expect(run('episodes', '--check')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(run('episodes')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('an unknown source ends it with 2 and one line', () => {
    page('<!-- code: lib/none.ts -->\n<!-- end -->\n');
    const line =
      "episodes/01-one.md:1: code: lib/none.ts: there is no file 'lib/none.ts'; name it from the root of the repository.";
    expect(run('episodes')).toEqual({ status: 2, stdout: '', stderr: `lolas-pi: ${line}\n` });
    page(fresh);
  });

  test("--slurm-settings writes what `lola slurm --settings` reads: the room's lines are in the job", () => {
    const folder = join(clone.root, 'new-account', '.lola'); // as in a home where no scheduler has run yet
    const file = join(folder, 'slurm.json');
    expect(run('episodes', '--slurm-settings', file)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const lola = spawnSync(process.execPath, [
      join(root, 'scripts/lola.mjs'),
      'slurm',
      'worker',
      '--settings',
      file,
    ]);
    const lines = lola.stdout.toString().split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '#SBATCH --partition=long',
        '#SBATCH --account=lolas',
        'module load nodejs/22',
      ]),
    );
    expect(run('episodes', '--slurm-settings', file)).toEqual({ status: 0, stdout: '', stderr: '' }); // again
    expect(readdirSync(folder)).toEqual(['slurm.json']);
  });

  test('--slurm-settings keeps what somebody else has written, and says so', () => {
    const file = join(clone.root, 'mine.json');
    writeFileSync(file, '{ "account": "mine" }');
    expect(run('episodes', '--slurm-settings', file)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /^lolas-pi: .*mine\.json': it has other settings already.*Move it away[^\n]*\n$/,
      ),
    });
    expect(readFileSync(file, 'utf8')).toBe('{ "account": "mine" }');
    const noFolder = run('episodes', '--slurm-settings', join(file, 'slurm.json'));
    expect(noFolder).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^lolas-pi: [^\n]*cannot write[^\n]*\n$/),
    });
  });

  test('settings without account and modules leave these lines out', () => {
    cpText('episodes/settings.json', JSON.stringify({ ...settings, account: '', modules: [] }));
    expect(run('episodes', '--slurm-settings')).toMatchObject({
      status: 0,
      stdout: '{\n  "partition": "long"\n}\n',
    });
  });

  test.each([
    [{ ...settings, queue: 'x' }, 'queue is not known'],
    [{ ...settings, modules: 'nodejs' }, 'modules must be a list of names without blanks'],
    [{ ...settings, account: 7 }, 'account must be a text of one line'],
    [{ ...settings, partition: 'a\nrm x' }, 'partition must be a text of one line'],
    [{ ...settings, host: '' }, 'host and contact must not be empty'],
    [[], 'host must be a text of one line'],
  ])('settings %j are refused', (given, what) => {
    expect(() => checkSettings(given, 'episodes/settings.json')).toThrow(refusal(what));
  });

  test('refused settings end it with 2 and one line', () => {
    cpText('episodes/settings.json', '[]');
    expect(run('episodes', '--slurm-settings')).toEqual({
      status: 2,
      stdout: '',
      stderr: `lolas-pi: ${refusal('host must be a text of one line')}\n`,
    });
  });

  test('--help tells the ways, and anything else is refused with them', () => {
    const help = run('episodes', '--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(run('episodes', '--chek')).toEqual({
      status: 2,
      stdout: '',
      stderr: `lolas-pi: npm run episodes: cannot read '--chek'. Known:\n${help.stdout}`,
    });
    expect(run('episodes', '--check', 'x').status).toBe(2);
  });
});

describe.skipIf(process.platform === 'win32')('npm run record', () => {
  test.each([
    [['02-two'], 'there is no notebooks/02-two.ipynb. There are: 01-one.\n'],
    [['--commands', 'none'], "commands.list.json has no 'none'. It has: nothing.\n"],
  ])('%j ends with 2 and one line', (args, line) => {
    expect(run('record', ...args)).toEqual({ status: 2, stdout: '', stderr: `lolas-pi: ${line}` });
  });

  let help: string;
  beforeAll(() => void (help = run('record', '--help').stdout));
  test.each([[[]], [['--al']], [['--all', 'x']], [['--commands', '--all']], [['01-one', '--all']]])(
    '%j is refused with the ways there are',
    (args) => {
      const { status, stderr } = run('record', ...args);
      const refusal = `lolas-pi: npm run record: cannot read '${args.join(' ')}'. Known:\n${help}`;
      expect([status, stderr]).toEqual([2, refusal]);
    },
  );
});
