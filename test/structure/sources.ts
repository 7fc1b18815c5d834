// The sources of lib, lesson and tools, and everything that each of them imports or names by its path.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Source {
  /** Its path from the root of the repository, as 'lib/task/run.ts'. */
  readonly file: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** Files and packages that it imports (statically, dynamically or as a type) or names in `new URL(...)`. */
  readonly targets: readonly string[];
}

/** All sources in these folders. */
export function sourcesIn(...folders: string[]): readonly Source[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  return files.filter((file) => /(?<!\.d)\.m?ts$/.test(file)).map((file) => read(file.split(sep).join('/')));
}

function read(file: string): Source {
  const text = readFileSync(join(root, file), 'utf8');
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const targets: string[] = [];
  walk(tree, (node) => {
    const path = pathIn(node);
    if (path !== undefined) targets.push(resolved(file, path));
  });
  return { file, text, tree, targets };
}

/** Calls `visit` with a node and all nodes in it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

function pathIn(node: ts.Node): string | undefined {
  const text = (part: ts.Node | undefined) => (part && ts.isStringLiteralLike(part) ? part.text : undefined);
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return text(node.moduleSpecifier);
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? text(node.argument.literal) : undefined;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return text(node.arguments[0]);
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.length === 2)
    return text(node.arguments[0]);
  return undefined;
}

/** A path from the root; for what the compiler makes of a source, that source. A package's name stays as it is. */
function resolved(file: string, path: string): string {
  if (!path.startsWith('.')) return path;
  const target = relative(root, join(root, dirname(file), path))
    .split(sep)
    .join('/');
  const source = target.replace(/\.js$/, '.ts');
  return existsSync(join(root, source)) ? source : target;
}
