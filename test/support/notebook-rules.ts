// The rules that every notebook of the lesson keeps, beside running.
import ts from 'typescript';
import { hasTag, solutionCode, sourceOf, type Cell, type Notebook } from './notebook.js';

/** What a cell may import: the library, the lesson's checks and charts, the kernel's own module, and the generator of the naive program. */
const IMPORTS = ['../lib', '../lesson', 'tslab', 'seedrandom'];
/** Lines of a cell, not counting its imports; and characters of a line, which a page of the site must hold. */
const MOST_LINES = 15;
const WIDEST = 100;
/** The cells of an exercise, in order, and what they are. */
const EXERCISE = [
  ['prompt', 'markdown'],
  ['exercise', 'code'],
  ['solution', 'markdown'],
] as const;

/** What a notebook does against the rules; empty where it keeps them. */
export function breachesOf(notebook: Notebook): string[] {
  const { cells } = notebook;
  return [
    ...formBreaches(notebook),
    ...openingBreaches(cells),
    ...cells.filter((cell) => cell.cell_type === 'code').flatMap(codeBreaches),
    ...cells.filter((cell) => cell.cell_type === 'markdown').flatMap(foldBreaches),
    ...cells.flatMap((cell, i) => exerciseBreaches(cell, i, cells)),
  ];
}

function formBreaches({ nbformat, nbformat_minor, metadata, cells }: Notebook): string[] {
  const found: string[] = [];
  if (nbformat !== 4 || nbformat_minor < 5)
    found.push(`the format must be 4.5 or a later 4, is ${nbformat}.${nbformat_minor}`);
  const { name, language } = metadata.kernelspec ?? {};
  if (name !== 'tslab' || language !== 'typescript')
    found.push(`the kernel must be tslab for typescript, is ${name} for ${language}`);
  const ids = cells.map(({ id }) => id);
  for (const [i, id] of ids.entries()) {
    if (!/^[\w-]{1,64}$/.test(id ?? '')) found.push(`cell ${i + 1}: ${id} is not an id`);
    if (ids.indexOf(id) !== i) found.push(`${id}: two cells have this id`);
  }
  return found;
}

function openingBreaches([goals, setUp]: readonly Cell[]): string[] {
  const found: string[] = [];
  const missing = ['goals', 'minutes', 'prerequisites'].filter(
    (word) => !goals || !new RegExp(word, 'i').test(sourceOf(goals)),
  );
  if (missing.length > 0)
    found.push(`the first cell must tell goals, minutes and prerequisites; missing: ${missing.join(', ')}`);
  if (!setUp || !hasTag(setUp, 'set-up')) found.push('the second cell must be the set-up, tagged set-up');
  return found;
}

function codeBreaches(cell: Cell): string[] {
  const found: string[] = [];
  const source = sourceOf(cell);
  const all = source.trimEnd().split('\n');
  const imports = all.filter((line) => line.startsWith('import '));
  const lines = all.length - imports.length;
  if (lines > MOST_LINES) found.push(`${cell.id}: ${lines} lines; ${MOST_LINES} at most`);
  for (const [i, { length }] of all.entries())
    if (length > WIDEST) found.push(`${cell.id}: line ${i + 1} has ${length} characters; ${WIDEST} at most`);
  if (cell.outputs?.length !== 0 || cell.execution_count !== null)
    found.push(`${cell.id}: outputs must be stripped`);
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.Latest, true);
  if (loopsAtTop(file))
    found.push(`${cell.id}: a loop at the top of a cell runs 60 times slower than in a function`);
  for (const path of importsIn(file)) {
    if (!IMPORTS.includes(path))
      found.push(`${cell.id}: imports '${path}'; cells import from ${IMPORTS.join(', ')}`);
  }
  return found;
}

/** What explains is folded; what asks for a prediction is read before the next cell runs. */
function foldBreaches(cell: Cell): string[] {
  const folds = sourceOf(cell).match(/<details>.*?<\/details>/gs) ?? [];
  return folds.some((fold) => fold.includes('**Predict'))
    ? [`${cell.id}: folds a prediction that it asks for`]
    : [];
}

function loopsAtTop(node: ts.Node): boolean {
  if (ts.isFunctionLike(node) || ts.isClassLike(node)) return false;
  return (
    ts.isIterationStatement(node, false) ||
    (ts.forEachChild(node, (child) => loopsAtTop(child) || undefined) ?? false)
  );
}

/** Static imports, import() and require(). */
function importsIn(file: ts.SourceFile): string[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName }) => fileName);
}

function exerciseBreaches(cell: Cell, place: number, cells: readonly Cell[]): string[] {
  const roles = EXERCISE.map(([role]) => role).filter((role) => hasTag(cell, role));
  if (roles.length === 0) return [];
  if (roles[0] !== 'exercise') {
    const name = cell.id.replace(new RegExp(`-${roles[0]}$`), '');
    return cells.some(({ id }) => id === `${name}-exercise`)
      ? []
      : [`${cell.id}: no cell ${name}-exercise belongs to it`];
  }
  const name = cell.id.replace(/-exercise$/, '');
  const three = cells.slice(Math.max(0, place - 1), place + 2);
  const wrong = EXERCISE.filter(([role, type], i) => {
    const found = three[i];
    return found?.id !== `${name}-${role}` || !hasTag(found, role) || found.cell_type !== type;
  });
  if (wrong.length > 0) {
    return [
      `${cell.id}: must stand among ${EXERCISE.map(([role, type]) => `${name}-${role} (${type})`).join(', ')}, each tagged so`,
    ];
  }
  const [prompt, exercise, solution] = three;
  const found: string[] = [];
  if (!/\d+ minutes?/.test(sourceOf(prompt))) found.push(`${prompt.id}: must say how many minutes it takes`);
  // In one cell: a check never judges what an earlier run of the exercise had left behind.
  for (const source of [sourceOf(exercise), solutionCode(solution)])
    if (!/\bcheck\.\w+\(/.test(source)) found.push(`${exercise.id}: must call check.something(...)`);
  if (!/<details>.*<\/details>/s.test(sourceOf(solution)) || solutionCode(solution) === '') {
    found.push(`${solution.id}: must fold (<details>) one block of code (\`\`\`ts)`);
  }
  return [
    ...found,
    ...codeBreaches({ ...solution, source: solutionCode(solution), outputs: [], execution_count: null }),
  ];
}
