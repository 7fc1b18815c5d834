// `npm run spelling`: the spelling (British) of all prose: pages, episodes, and the text cells of the notebooks.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readNotebookFile } from './notebook-file.mjs';
import { installHere } from './systems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tools = join(root, 'scripts', 'spelling');
const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'environment.md'];

/** All prose by name; a cell's name is that of its notebook and its own, and ends in .md as its text is. */
function prose() {
  const named = (folder, ending) => readdirSync(join(root, folder)).filter((name) => name.endsWith(ending));
  const pages = [...PAGES, ...named('episodes', '.md').map((name) => `episodes/${name}`)];
  const cells = named('notebooks', '.ipynb').flatMap((name) => {
    const { cells } = readNotebookFile(join(root, 'notebooks', name), name);
    const texts = cells.filter(({ cell_type }) => cell_type === 'markdown');
    return texts.map(({ id, source }) => [`notebooks/${name}/${id}.md`, [source].flat().join('')]);
  });
  return [...pages.map((name) => [name, readFileSync(join(root, name), 'utf8')]), ...cells];
}

/** Whether no word is unknown; the tool names those that are. */
function spelled(texts) {
  const folder = mkdtempSync(join(tmpdir(), 'lola-spelling-'));
  try {
    for (const [name, text] of texts) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const cspell = join(tools, 'node_modules', 'cspell', 'bin.mjs');
    const flags = [
      '--config',
      join(tools, 'cspell.json'),
      '--no-default-configuration',
      '--no-progress',
      '--relative',
      '--root',
      folder,
    ];
    const { status } = spawnSync(process.execPath, [cspell, 'lint', ...flags, '**/*.md'], {
      cwd: folder,
      stdio: 'inherit',
    });
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether our own list is sorted, without twins and without words that nobody uses. */
function tidy(texts) {
  const words = readFileSync(join(tools, 'words.txt'), 'utf8').split('\n').filter(Boolean);
  const all = texts.map(([, text]) => text.toLowerCase()).join('\n');
  const found = words.flatMap((word, i) => [
    ...(i > 0 && words[i - 1].toLowerCase() >= word.toLowerCase()
      ? [`'${word}' is not in alphabetical order`]
      : []),
    ...(all.includes(word.toLowerCase()) ? [] : [`'${word}' is used nowhere`]),
  ]);
  for (const one of found) process.stderr.write(`scripts/spelling/words.txt: ${one}\n`);
  return found.length === 0;
}

if (!existsSync(join(tools, 'node_modules'))) installHere(tools);
const texts = prose();
if (![spelled(texts), tidy(texts)].every(Boolean)) {
  process.stderr.write('lolas-pi: fix the word, or put it into scripts/spelling/words.txt, in its place.\n');
  process.exitCode = 1;
}
