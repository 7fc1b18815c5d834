// Fills the generated places of an episode: what stands between <!-- KIND: SOURCE --> and <!-- end -->.
import { EpisodeError } from './errors.mjs';

const KINDS = ['code', 'cell', 'output', 'recorded', 'snippet', 'setting'];
const MARKER = new RegExp(`<!-- (?:(end)|(${KINDS.join('|')}): *(\\S.*?)) -->`, 'g');

/**
 * An episode with all its generated places filled anew.
 * @param {string} text the episode
 * @param {string} file its name for messages
 * @param {(kind: string, source: string, level: number) => string} contentOf what belongs there; `level` is that of
 *   the heading above, 1 where there is none
 * @throws {EpisodeError} for a place that is not closed, and what `contentOf` throws, with file and line before it
 */
export function fill(text, file, contentOf) {
  let filled = '';
  for (const { before, kind, source, line } of places(text, file)) {
    filled += before;
    if (kind === undefined) continue;
    const at = `${file}:${line}: ${kind}: ${source}`;
    try {
      const content = contentOf(kind, source, levelAtEnd(filled));
      const [open, close] = kind === 'setting' ? ['', ''] : ['\n\n', '\n\n'];
      filled += `<!-- ${kind}: ${source} -->${open}${content}${close}<!-- end -->`;
    } catch (error) {
      if (error instanceof EpisodeError) throw new EpisodeError(error.code, `${at}: ${error.message}`);
      throw error;
    }
  }
  return filled;
}

/** The generated places that differ from what belongs there, as 'kind: source', with their lines. */
export function stalePlaces(text, fresh, file) {
  const [old, now] = [text, fresh].map((one) => [...places(one, file)].filter(({ kind }) => kind));
  return old
    .filter(({ content }, i) => content !== now[i].content)
    .map(({ kind, source, line }) => ({ line, place: `${kind}: ${source}` }));
}

/** The text as a row of places, each with the text before it; the last has only that. */
function* places(text, file) {
  let open; // the marker that has begun a place
  let done = 0;
  for (const match of text.matchAll(MARKER)) {
    const [whole, end, kind, source] = match;
    const line = text.slice(0, match.index).split('\n').length;
    if (end === undefined) {
      if (open) throw notClosed(file, open);
      open = { kind, source, line, start: match.index, inner: match.index + whole.length };
    } else if (open) {
      const { start, inner, ...place } = open;
      yield { ...place, before: text.slice(done, start), content: text.slice(inner, match.index) };
      done = match.index + whole.length;
      open = undefined;
    } else {
      const known = `A place begins with one of ${KINDS.join(', ')}: <!-- code: FILE#NAME -->.`;
      throw new EpisodeError('STRAY_END', `${file}:${line}: <!-- end --> closes nothing. ${known}`);
    }
  }
  if (open) throw notClosed(file, open);
  yield { before: text.slice(done) };
}

function notClosed(file, { kind, source, line }) {
  const remedy = 'Put <!-- end --> after it.';
  return new EpisodeError('NOT_CLOSED', `${file}:${line}: ${kind}: ${source} is not closed. ${remedy}`);
}

/** The level of the last heading of a text, blocks of code aside. */
function levelAtEnd(text) {
  return Math.max(
    1,
    ...headings(text)
      .slice(-1)
      .map(({ level }) => level),
  );
}

/** The headings of a text with their lines' numbers, counted from 0. */
export function headings(text) {
  let fence;
  return text.split('\n').flatMap((line, i) => {
    const tick = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (tick && (fence === undefined || tick.startsWith(fence)))
      fence = fence === undefined ? tick : undefined;
    const hashes = fence === undefined && /^(#{1,6}) /.exec(line)?.[1];
    return hashes ? [{ level: hashes.length, line: i }] : [];
  });
}
