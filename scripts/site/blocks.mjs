// The blocks of an episode (`::: challenge` and its kin, as in the Carpentries Workbench) as boxes of HTML; what stands
// in them stays Markdown.

/** What each kind of block says of itself: a box is always open, a fold opens on request. */
const KINDS = {
  questions: { box: 'Questions', heading: true },
  objectives: { box: 'Objectives', heading: true },
  keypoints: { box: 'Key points', heading: true },
  challenge: { box: 'Exercise' },
  callout: { box: 'Aside' },
  prereq: { box: 'Before you begin' },
  discussion: { box: 'Discussion' },
  solution: { fold: 'Solution' },
  hint: { fold: 'Hint' },
  spoiler: { fold: 'More' },
  instructor: { fold: 'For instructors' },
};

/**
 * Turns the blocks of a page into sections and details, and drops the markers of the generator.
 * @param {string} text Markdown
 * @param {string} name what messages call the page
 * @throws Error where a block is unknown, closed by another number of colons than opened it, or left open
 */
export function drawBlocks(text, name) {
  const lines = text.split('\n');
  const inCode = codeLines(lines);
  const open = [];
  const drawn = [];
  let level = 1;
  for (let i = 0; i < lines.length; i++) {
    const fail = (what) => {
      throw new Error(`${name}, line ${i + 1}: ${what}`);
    };
    const line = inCode[i] ? lines[i] : withoutMarkers(lines[i]);
    const [, colons, kind] = (!inCode[i] && /^(:{3,})\s*(.*?)\s*$/.exec(line)) || [];
    if (!inCode[i]) level = levelOf(line) ?? level;
    if (colons === undefined) drawn.push(line);
    else if (kind !== '') {
      if (!Object.hasOwn(KINDS, kind))
        fail(`'${kind}' is no block. Known: ${Object.keys(KINDS).join(', ')}.`);
      const title = firstHeading(lines, i + 1);
      if (title && KINDS[kind].fold) lines[title.at] = ''; // it becomes the summary
      drawn.push(...opening(kind, title?.text, level));
      open.push({ colons, kind, line: i + 1 });
    } else {
      const block = open.pop() ?? fail('a block is closed here, and none is open.');
      if (block.colons !== colons)
        fail(`'${colons}' closes nothing: line ${block.line} opened ${block.kind} with '${block.colons}'.`);
      drawn.push('', KINDS[block.kind].fold ? '</details>' : '</section>', '');
    }
  }
  const left = open.pop();
  if (left) throw new Error(`${name}, line ${left.line}: the block ${left.kind} is never closed.`);
  return drawn.join('\n');
}

/** For each line, whether it belongs to a fenced block of code. */
export function codeLines(lines) {
  let fence;
  return lines.map((line) => {
    const mark = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (fence === undefined) {
      if (mark && !(mark[1][0] === '`' && mark[2].includes('`'))) fence = mark[1];
      return fence !== undefined;
    }
    if (mark && mark[1].startsWith(fence) && mark[2].trim() === '') fence = undefined;
    return true;
  });
}

/** Text that is safe inside an element or an attribute. */
export function escaped(text) {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => entities[sign]);
}

function opening(kind, title, level) {
  const { box, fold, heading } = KINDS[kind];
  if (fold) {
    const named = title?.toLowerCase().startsWith(fold.toLowerCase());
    const summary = title === undefined ? fold : named || kind === 'spoiler' ? title : `${fold}: ${title}`;
    return ['', `<details class="box ${kind}">`, `<summary>${escaped(summary)}</summary>`, ''];
  }
  const start = ['', `<section class="box ${kind}">`];
  if (title) return [...start, ''];
  if (heading) return [...start, '', `## ${box}`, ''];
  const tag = `h${Math.min(level + 1, 6)}`;
  return [...start, `<${tag} class="box-title">${box}</${tag}>`, ''];
}

/** The heading that a block begins with, if it does. */
function firstHeading(lines, from) {
  let at = from;
  while (at < lines.length && withoutMarkers(lines[at]).trim() === '') at++;
  const text = /^#{2,6}\s+(.*?)\s*$/.exec(lines[at] ?? '')?.[1];
  return text === undefined ? undefined : { at, text: text.replaceAll('`', '') };
}

function levelOf(line) {
  return /^(#{1,6})\s/.exec(line)?.[1].length;
}

/** Comments tell the generator where code belongs; a reader needs none of them. */
function withoutMarkers(line) {
  return line.replace(/<!--.*?-->/g, '');
}
