import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { lintScript } from '../../lesson/slurm/lint.js';
import { render, shellQuote, templateText, type TemplateName } from '../../lib/slurm/render.js';
import { checkSettings, nodeWords, readSettings } from '../../lib/slurm/settings.js';
import { workerScript } from '../../lib/slurm/workers.js';

const TEMPLATES: readonly TemplateName[] = ['worker', 'all-in-one', 'array', 'reduce'];
const hasBash = spawnSync('bash', ['-c', 'true']).status === 0;
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;
const git = (...words: string[]) => spawnSync('git', words, { encoding: 'utf8' });
const isClone = git('rev-parse').status === 0;
const directives = (script: string) => script.split('\n').filter((line) => line.startsWith('#SBATCH'));

describe('quoting', () => {
  test.skipIf(!hasBash)('any text: bash reads the quoted word as exactly that text', () => {
    const words = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 20 });
    const nasty = fc.array(fc.stringMatching(/^[ '"$`\\!*?~(){}<>|&;#\n\tab-]*$/), { minLength: 1 });
    fc.assert(
      fc.property(fc.oneof(words, nasty), (given) => {
        const texts = given.filter((text) => !text.includes('\0'));
        const script = `lola=(${texts.map(shellQuote).join(' ')}); printf '%s\\0' "\${lola[@]}"`;
        const { stdout } = spawnSync('bash', ['-uc', script], { encoding: 'utf8' });
        expect(stdout).toBe(texts.length === 0 ? '\0' : texts.map((text) => `${text}\0`).join(''));
      }),
      { numRuns: 100 },
    );
  });

  test.skipIf(!hasBash)('values in a rendered script reach the program unchanged', () => {
    const seed = Date.now() % 2 ** 31;
    const texts = fc.sample(fc.string({ unit: 'grapheme', minLength: 1 }), { numRuns: 500, seed });
    const values = texts.map((text) => text.replaceAll('\0', ''));
    const script = render('reduce', {}, { node: ['printf', '%s\\0'], reduce: values, run: [] });
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect({ stderr, values: stdout.split('\0').slice(0, -1) }, `seed ${seed}`).toEqual({
      stderr: '',
      values,
    });
  });

  test('NUL is refused, since no program can be given one', () => {
    expect(() => shellQuote('a\0b')).toThrow(InvalidArgumentError);
  });

  test('a line break in a directive would begin a line of its own: refused', () => {
    for (const name of ['partition', 'name', 'logDir', 'time']) {
      expect(() => checkSettings({ [name]: 'a\n#SBATCH --uid=0' }, 'flags')).toThrow(`flags: ${name}`);
    }
    expect(() => checkSettings({ extra: ['--qos=a\nrm -rf /'] }, 'flags')).toThrow(InvalidArgumentError);
  });
});

describe('a name', () => {
  // squeue takes a comma for the end of a name, and a log of the name would be in a folder that is not there.
  test.each(['a/b', 'a,b'])('that Slurm would take for something else is refused: %s', (name) => {
    expect(() => checkSettings({ name }, 'flags')).toThrow('flags: name: Expected a name without');
    expect(checkSettings({ name: 'project-x:test 1' }, 'flags').name).toBe('project-x:test 1');
  });
});

describe('the path of a log', () => {
  const output = (logDir: string) =>
    directives(render('array', { logDir }, {})).filter((line) => line.includes('--output'));

  test('is the folder that was meant, whatever Slurm would fill in', () => {
    expect(output('/runs/100%job %j')).toEqual(['#SBATCH --output="/runs/100%%job %%j/%A_%a.log"']);
    expect(output('/runs/a"=0"')).toEqual(['#SBATCH --output="/runs/a\\"=0\\"/%A_%a.log"']);
  });

  test.each(['/runs/a\\=0', '/runs/new\nline'])('that sbatch cannot be told is refused: %j', (folder) => {
    expect(() => output(folder)).toThrow(InvalidArgumentError);
    expect(() => output(folder)).toThrow('no log can be below');
  });
});

describe('templates', () => {
  test.each(TEMPLATES)('%s is free of slips as it stands', (name) => {
    expect(lintScript(templateText(name))).toEqual([]);
  });

  test.skipIf(!isClone).each(TEMPLATES)('%s has Unix line breaks in a clone on Windows, too', (name) => {
    const { stdout } = git('check-attr', 'eol', `lib/slurm/templates/${name}.sh`);
    expect(stdout).toMatch(/: eol: lf\n$/);
  });

  test.skipIf(!hasShellcheck).each(TEMPLATES)(
    '%s is clean under shellcheck, as it stands and rendered',
    (name) => {
      const folder = mkdtempSync(join(tmpdir(), 'lola-templates-'));
      const values = {
        lola: ['node', "it's/here"],
        join: ['--x', 'two words'],
        node: ['node'],
        run: ['a b', '0'],
      };
      const settings = { partition: 'short', prologue: ['module load nodejs'], logDir: '/a b' };
      writeFileSync(join(folder, 'raw.sh'), templateText(name));
      writeFileSync(join(folder, 'rendered.sh'), render(name, settings, values));
      const { stdout } = spawnSync('shellcheck', ['raw.sh', 'rendered.sh'], {
        cwd: folder,
        encoding: 'utf8',
      });
      rmSync(folder, { recursive: true });
      expect(stdout).toBe('');
    },
  );

  test('with no settings and no values a template is rendered as it stands', () => {
    for (const name of TEMPLATES) expect(render(name, {}, {})).toBe(templateText(name));
  });

  test('settings replace directives, add those that are not there, and skip', () => {
    const script = render(
      'worker',
      {
        partition: 'short',
        account: 'io-t',
        constraint: 'skylake&ib',
        time: '00:10:00',
        cpus: 8,
        memory: '4G',
        name: 'pi',
        logDir: '/home/lola/my logs',
        extra: ['--exclusive', '--comment=the "pi" job'],
        skip: ['requeue'],
      },
      {},
    );
    expect(directives(script)).toEqual([
      '#SBATCH --job-name=pi',
      '#SBATCH --time=00:10:00',
      '#SBATCH --nodes=1',
      '#SBATCH --ntasks=1',
      '#SBATCH --cpus-per-task=8',
      '#SBATCH --signal=B:TERM@120',
      '#SBATCH --open-mode=append',
      '#SBATCH --partition=short',
      '#SBATCH --account=io-t',
      '#SBATCH --constraint=skylake&ib',
      '#SBATCH --mem=4G',
      '#SBATCH --output="/home/lola/my logs/%x-%j.log"',
      '#SBATCH --exclusive',
      '#SBATCH --comment="the \\"pi\\" job"',
    ]);
  });

  test("memory 'none' asks for none", () => {
    expect(render('worker', { memory: 'none' }, {})).not.toContain('--mem');
  });

  test('the prologue runs before bash is told to stop at errors: modules are not written for that', () => {
    const lines = render('worker', { prologue: ['module load nodejs'] }, {}).split('\n');
    expect(lines.indexOf('module load nodejs')).toBeGreaterThan(0);
    expect(lines.indexOf('module load nodejs')).toBeLessThan(lines.indexOf('set -euo pipefail'));
  });
});

describe('the script of a worker', () => {
  test.each([
    ['00:04:59', false],
    ['0-00:02:00', false],
    ['2', false],
    ['00:05:00', true],
    ['5', true],
    ['2-00:00:00', true],
    ['02:00:00', true],
    [undefined, true],
  ])('asks for TERM before the time is up, unless it would come at the start: %s', (time, asks) => {
    expect(workerScript({ time }, 'scheduler.json').includes('--signal=')).toBe(asks);
  });

  test('of up is known by its comment, whatever comment the site wants', () => {
    const comments = (extra: string[]) =>
      directives(workerScript({ extra }, 'scheduler.json', 'lola slurm up 1a')).filter((line) =>
        line.includes('comment'),
      );
    expect(comments([])).toEqual(['#SBATCH --comment="lola slurm up 1a"']);
    expect(comments(['--qos=short', '--comment=project:7'])).toEqual([
      '#SBATCH --comment="lola slurm up 1a project:7"',
    ]);
  });
});

describe('settings', () => {
  test.each([
    [{ partitoin: 'short' }, /partitoin/],
    [{ cpus: 0 }, /cpus/],
    [{ cpus: '2' }, /cpus/],
    [{ time: '00:10' }, /time: Expected HH:MM:SS: '01:00:00' is an hour/],
    [{ time: 'an hour' }, /time: Expected HH:MM:SS/],
    [{ time: '01:0:0' }, /time: Expected HH:MM:SS/],
    [{ logDir: 'logs/%j' }, /logDir/],
    [{ extra: ['qos=short'] }, /extra/],
    [{ extra: ['--clusters=other'] }, /set SLURM_CLUSTERS/],
    [{ skip: ['--requeue'] }, /skip/],
    [{ prologue: ['module load a\nrm b'] }, /prologue/],
    ['short', /settings/],
  ])('%j is refused by name', (given, words) => {
    expect(() => checkSettings(given, 'slurm.json')).toThrow(words);
    expect(() => checkSettings(given, 'slurm.json')).toThrow(InvalidArgumentError);
  });

  test.each(['01:00:00', '1-00:00:00', '2-12', '90', '0', 'UNLIMITED'])('time %s is taken', (time) => {
    expect(checkSettings({ time }, 'slurm.json')).toEqual({ time });
  });

  test('~ in logDir is the home, as a shell reads it', () => {
    expect(checkSettings({ logDir: '~/logs' }, 'flags')).toEqual({ logDir: join(homedir(), 'logs') });
    expect(checkSettings({ logDir: 'a~/~' }, 'flags')).toEqual({ logDir: 'a~/~' });
  });

  test('jobs run this Node, the one that a prologue brings, or the one that is named', () => {
    expect(nodeWords({})).toEqual([process.execPath]);
    expect(nodeWords({ prologue: [] })).toEqual([process.execPath]);
    expect(nodeWords({ prologue: ['module load nodejs'] })).toEqual(['node']);
    expect(nodeWords({ prologue: ['module load nodejs'], node: '/opt/node' })).toEqual(['/opt/node']);
  });

  test('a file that is named must be there and hold JSON', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lola-settings-'));
    const file = join(folder, 'slurm.json');
    expect(() => readSettings(file)).toThrow(/cannot read/);
    writeFileSync(file, '{');
    expect(() => readSettings(file)).toThrow(/must hold JSON/);
    const text = '{\r\n  "partition": "short"\r\n}\r\n'; // as editors of Windows write, and PowerShell
    for (const bytes of [text, `\uFEFF${text}`, Buffer.from(`\uFEFF${text}`, 'utf16le')]) {
      writeFileSync(file, bytes);
      expect(readSettings(file)).toEqual({ partition: 'short' });
    }
    rmSync(folder, { recursive: true });
  });
});
