// What the generated places of an episode show: code, cells, recorded outputs and commands, snippets, settings.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, isAbsolute, join, posix } from 'node:path';
import { declarationIn } from './declaration.mjs';
import { parseNotebook } from '../notebook-file.mjs';
import { EpisodeError } from './errors.mjs';
import { headings } from './fill.mjs';
import { checkSettings, fillText, settingOf } from './settings.mjs';

const LANGUAGES = {
  '.ts': 'ts',
  '.mjs': 'js',
  '.js': 'js',
  '.json': 'json',
  '.sh': 'bash',
  '.ps1': 'powershell',
};

/**
 * What belongs into the places of the file `page` of the repository `root`, as `fill` asks for it.
 * @returns {(kind: string, source: string, level: number) => string}
 */
export function sourcesFor(root, page) {
  const read = (path) => {
    const inside = path !== '' && !isAbsolute(path) && !path.split(/[\\/]/).includes('..');
    if (inside && existsSync(join(root, path)))
      return readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n');
    throw unknown(`there is no file '${path}'; name it from the root of the repository`);
  };
  const makers = {
    code: (source) => {
      const [path, name] = source.split('#');
      const text = read(path);
      return fenced(name ? declarationIn(text, path, name) : text, LANGUAGES[extname(path)] ?? 'text');
    },
    cell: (source, level) => {
      const [path, id] = source.split('#');
      const cell = cellOf(read, path, id);
      const text = [cell.source].flat().join('');
      return cell.cell_type === 'code' ? fenced(text, 'ts') : prose(text, level, path, page);
    },
    output: (source) => outputOf(read, ...source.split('#'), page),
    recorded: (name) => commandOf(read, name),
    snippet: (name) => snippetOf(root, read, name),
    setting: (name) => settingOf(roomOf(read), name),
  };
  return (kind, source, level) => makers[kind](source, level);
}

function roomOf(read) {
  const file = 'episodes/settings.json';
  return checkSettings(parsed(read(file), file), file);
}

function parsed(text, file) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EpisodeError('BAD_FILE', `${file} is not JSON: ${error.message}`);
  }
}

function cellOf(read, path, id) {
  const { cells } = parseNotebook(read(path), path);
  const found = cells.find((cell) => cell.id === id);
  if (found) return found;
  throw unknown(`${path} has no cell '${id ?? ''}'. Its cells: ${cells.map((cell) => cell.id).join(', ')}`);
}

/** A cell's text as the page's own: unfolded, its headings below the page's, its links from where the page is. */
function prose(text, level, from, page) {
  const open = text.trim().replace(/<details>\s*<summary>.*?<\/summary>\s*|\s*<\/details>/gs, '');
  const heads = headings(open);
  const top = Math.min(...heads.map((head) => head.level));
  const shift = Math.min(Math.max(top, 2), level + 1) - top;
  const lines = open.split('\n').map((line, i) => {
    const head = heads.find((one) => one.line === i);
    return head ? line.replace(/^#+/, '#'.repeat(Math.min(6, head.level + shift))) : line;
  });
  return lines.join('\n').replace(/(\]\()([^)\s#]+)/g, (whole, open, target) => {
    if (/^([a-z]+:|\/)/.test(target)) return whole;
    return open + posix.relative(posix.dirname(page), posix.join(posix.dirname(from), target));
  });
}

function outputOf(read, path, id, page) {
  cellOf(read, path, id); // so that a slip in the id is told from a recording that is too old
  const stem = posix.basename(path, '.ipynb');
  const file = `episodes/recorded/${stem}.json`;
  const again = `Record it: npm run record -- ${stem}`;
  const { date, machine, cells } = parsed(readRecording(read, file, again), file);
  const found = cells[id];
  if (!found) throw unknown(`${file} has no output of '${id}'. ${again}`);
  const pictures = (found.svg ?? []).map((name) => {
    const svg = `episodes/recorded/${name}`;
    return `![${altOf(read(svg))}](${posix.relative(posix.dirname(page), svg)})`;
  });
  const tables = (found.html ?? []).map(
    (html) => `<details><summary>The same in numbers</summary>\n\n${html}\n\n</details>`,
  );
  const text = found.text === '' ? [] : [fenced(found.text, 'text')];
  return [...text, ...pictures, ...tables, recordedOn(date, machine)].join('\n\n');
}

function commandOf(read, name) {
  const file = 'episodes/recorded/commands.json';
  const all = parsed(readRecording(read, file, 'Record it: npm run record -- --commands'), file);
  if (!Object.hasOwn(all, name)) {
    const known = Object.keys(all).join(', ') || 'nothing';
    const how = `put it into commands.list.json, then npm run record -- --commands ${name}`;
    throw unknown(`${file} has no '${name}'. It has: ${known}. To add it, ${how}`);
  }
  const { date, machine, terminals, ...only } = all[name];
  const shown = (one) => fenced(`$ ${one.command}\n${one.text}`, 'console');
  const blocks = terminals?.map((one, i) => `Terminal ${i + 1}:\n\n${shown(one)}`) ?? [shown(only)];
  return [...blocks, recordedOn(date, machine)].join('\n\n');
}

function readRecording(read, file, again) {
  try {
    return read(file);
  } catch (error) {
    throw error instanceof EpisodeError ? unknown(`there is no ${file}. ${again}`) : error;
  }
}

function snippetOf(root, read, name) {
  const folder = 'episodes/snippets';
  const files = existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
  const file = files.find((one) => one.replace(/\.(sh|ps1|txt|log)$/, '') === name && one !== name);
  if (file === undefined)
    throw unknown(
      `there is no ${folder}/${name} with .sh, .ps1, .txt or .log. There are: ${files.join(', ')}`,
    );
  const text = fillText(read(`${folder}/${file}`), roomOf(read));
  return fenced(text, LANGUAGES[extname(file)] ?? 'text');
}

/** Who made this text, in one line; see describeMachine for what a machine is here. */
function recordedOn(date, { cpu, cores, node }) {
  return `_Recorded on ${date}: ${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, Node ${node}._`;
}

function altOf(svg) {
  const found =
    /aria-label="([^"]*)"/.exec(svg.slice(0, svg.indexOf('>'))) ?? /<title>(.*?)<\/title>/s.exec(svg);
  return (found?.[1] ?? '').replace(/[[\]\n]/g, ' ').trim();
}

function fenced(text, language) {
  const ticks = '`'.repeat(Math.max(3, ...[...text.matchAll(/^`+/gm)].map(([run]) => run.length + 1)));
  return `${ticks}${language}\n${text.replace(/\s+$/, '')}\n${ticks}`;
}

function unknown(message) {
  return new EpisodeError('UNKNOWN_SOURCE', `${message}.`);
}
