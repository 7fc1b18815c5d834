// Turns the TypeScript of a cell into JavaScript that a kernel can evaluate: the body of an async function, in which
// every name of the cell's top level is a property of one object. So names outlive their cell and may be declared again.
import {
  parse,
  type Identifier,
  type Node,
  type Program,
  type Statement,
  type VariableDeclaration,
} from 'acorn';
import { analyze, type Reference, type Scope, type Variable } from 'eslint-scope';
import MagicString from 'magic-string';
import { transform } from 'sucrase';

/** The object of the names, and what loads a module; no cell calls its own names so. */
const NAMES = '$names';
const IMPORT = '$import';

/** What shows through a cell's code: the names that earlier cells have declared. */
export type Known = (name: string) => boolean;

/**
 * Rewrites a cell. Each line of the result holds what the same line of the cell holds.
 * @returns `code`, the text of a function: (names, load) => Promise of an array with the last expression's value, if there
 *   is one; `declared`, the names that must exist when it runs
 * @throws SyntaxError for code that cannot be read
 */
export function rewrite(source: string, known: Known): { code: string; declared: readonly string[] } {
  const cell = readable(() => read(source));
  cell.renameAll(known);
  cell.unwrapDeclarations();
  cell.returnLast();
  const start = `(async (${NAMES}, ${IMPORT}) => { "use strict"; ${cell.prologue()}`;
  return { code: `${start}${cell.text.toString()}\n})`, declared: cell.declared };
}

function read(source: string): Cell {
  const { code } = transform(source, {
    transforms: ['typescript'],
    keepUnusedImports: true, // a later cell may use them
    disableESTransforms: true,
  });
  const tree = parse(code, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowAwaitOutsideFunction: true,
    ranges: true, // which eslint-scope reads
  });
  return new Cell(new MagicString(code), tree);
}

/** Whatever the readers of code throw is a SyntaxError: an engine's own error would be taken for one of the cell's. */
function readable<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause;
    const why = cause instanceof RangeError ? 'it is nested too deeply' : (cause as Error).message;
    throw new SyntaxError(`this code cannot be read: ${why}.`, { cause });
  }
}

class Cell {
  private readonly module: Scope;
  /** Where identifiers stand that need more than a new name: { a } and a(). */
  private readonly shorthands = new Set<number>();
  private readonly callees = new Set<number>();
  private readonly typeofs = new Set<number>();
  /** Starts of statements before which the rewritten text needs a semicolon. */
  private readonly starts = new Set<number>();
  private readonly before: string[] = [];
  /** Names of the top level. */
  readonly declared: readonly string[];

  constructor(
    readonly text: MagicString,
    private readonly tree: Program,
  ) {
    const manager = analyze(tree as never, { ecmaVersion: 2022, sourceType: 'module' });
    this.module = manager.globalScope!.childScopes[0];
    walk(tree, (node) => this.note(node));
    this.declared = this.module.variables.filter(isTopLevel).map(({ name }) => name);
  }

  /** Names of the top level, of this cell and of earlier ones, become properties. */
  renameAll(known: Known): void {
    const own = this.module.variables.filter(isTopLevel).flatMap(({ references }) => references);
    const others = this.module.through.filter(
      ({ identifier: { name } }) => known(name) || !(name in globalThis),
    );
    const places = new Map([...own, ...others].map((reference) => [startOf(reference), reference]));
    for (const [start, { identifier }] of places) {
      if (this.typeofs.has(start) && !known(identifier.name)) continue; // asks whether there is such a name
      this.rename(start, identifier.name);
    }
  }

  /** Declarations become assignments, and imports calls. */
  unwrapDeclarations(): void {
    for (const node of this.tree.body) {
      const { type, start } = node;
      if (type === 'ImportDeclaration') this.unwrapImport(node);
      else if (type === 'VariableDeclaration') this.unwrapVariables(node);
      else if (type === 'FunctionDeclaration')
        this.before.push(`${NAMES}.${node.id.name} = ${node.id.name};`);
      else if (type === 'ClassDeclaration') {
        this.text.appendLeft(start, `${NAMES}.${node.id.name} = `);
        this.text.appendRight(node.end, ';');
      } else if (type.startsWith('Export'))
        throw new SyntaxError('A cell cannot export: all its names are there for later cells.');
    }
  }

  /** The value of the last expression is what the cell shows; in an array, so that a promise is not waited for. */
  returnLast(): void {
    const last = this.tree.body.at(-1);
    if (last?.type !== 'ExpressionStatement') return;
    this.text.prependLeft(last.start, 'return [');
    this.text.appendRight(this.text.original[last.end - 1] === ';' ? last.end - 1 : last.end, ']');
  }

  /** What runs before the cell's first line. */
  prologue(): string {
    return this.before.join(' ');
  }

  private note(node: Node): void {
    const { type } = node;
    if (isType(node, 'Property') && node.shorthand) this.shorthands.add(node.start);
    else if (isType(node, 'CallExpression')) this.callees.add(node.callee.start);
    else if (isType(node, 'TaggedTemplateExpression')) this.callees.add(node.tag.start);
    else if (isType(node, 'UnaryExpression') && node.operator === 'typeof')
      this.typeofs.add(node.argument.start);
    else if (isType(node, 'ImportExpression')) this.text.overwrite(node.start, node.start + 6, IMPORT);
    else if (type === 'Program' || type === 'BlockStatement' || type === 'StaticBlock')
      for (const { start } of (node as Program).body) this.starts.add(start);
  }

  private rename(start: number, name: string): void {
    const isCallee = this.callees.has(start) && this.text.original[start + name.length] !== '.';
    const isLast = this.tree.body.at(-1)?.start === start;
    const value = `${NAMES}.${name}`;
    const semicolon = this.starts.has(start) && !isLast ? ';' : '';
    // (0, f)() calls f without `this`, and would go on with a line before it that lacks its semicolon.
    const text = isCallee ? `${semicolon}(0, ${value})` : value;
    this.text.overwrite(start, start + name.length, this.shorthands.has(start) ? `${name}: ${text}` : text);
  }

  private unwrapImport(
    node: Extract<Statement | Program['body'][number], { type: 'ImportDeclaration' }>,
  ): void {
    const names = node.specifiers.map((one) => {
      const imported = one.type === 'ImportSpecifier' ? nameOf(one.imported) : 'default';
      return `${NAMES}.${one.local.name} = m${one.type === 'ImportNamespaceSpecifier' ? '' : `[${JSON.stringify(imported)}]`};`;
    });
    this.before.push(
      `{ const m = await ${IMPORT}(${JSON.stringify(node.source.value)}); ${names.join(' ')} }`,
    );
    this.text.remove(node.start, node.end);
  }

  private unwrapVariables({ start, end, declarations }: VariableDeclaration): void {
    this.text.overwrite(start, declarations[0].start, 'void (');
    for (const { id, init } of declarations) {
      if (id.type !== 'Identifier') continue;
      // No reference stands where nothing is assigned; and a function gets its name from a property only if we see to it.
      if (!init) this.text.overwrite(id.start, id.end, `${NAMES}.${id.name} = undefined`);
      else if (isNameless(init)) {
        this.text.appendLeft(init.start, `{ ${id.name}: `);
        this.text.appendRight(init.end, ` }.${id.name}`);
      }
    }
    const last = declarations[declarations.length - 1];
    this.text.appendRight(last.end, this.text.original[end - 1] === ';' ? ')' : ');');
  }
}

/** Whether a name belongs to the notebook: declared by a statement of the top level. A `var` deeper inside stays in its cell. */
function isTopLevel({ defs }: Variable): boolean {
  return defs.every(({ type, parent, node }) => {
    const declaration = (type === 'Variable' ? parent : node) as unknown as { topLevel?: boolean } | null;
    return type === 'ImportBinding' || declaration?.topLevel === true;
  });
}

function isNameless(node: Node): boolean {
  if (node.type === 'ArrowFunctionExpression') return true;
  return /^(Function|Class)Expression$/.test(node.type) && !(node as { id?: Identifier | null }).id;
}

function nameOf(node: Node): string {
  return node.type === 'Literal' ? String((node as { value?: unknown }).value) : (node as Identifier).name;
}

function startOf({ identifier }: Reference): number {
  return (identifier as unknown as Node).start;
}

type Typed<T extends string> = Extract<import('acorn').AnyNode, { type: T }>;

function isType<T extends string>(node: Node, type: T): node is Typed<T> {
  return node.type === type;
}

/** Calls `visit` with a node and all nodes in it. */
function walk(node: Node, visit: (node: Node) => void): void {
  if (node.type === 'Program')
    for (const statement of (node as Program).body) Object.assign(statement, { topLevel: true });
  visit(node);
  for (const child of Object.values(node).flat())
    if (typeof (child as Node | null)?.type === 'string') walk(child as Node, visit);
}
