// Checks the types of cells with TypeScript, as tslab does: not strictly, and each cell with the names of those before it.
import ts from 'typescript';
import { inShort } from '../../dist/lesson/refusal.js';

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  esModuleInterop: true,
  lib: ['lib.es2023.d.ts', 'lib.webworker.d.ts'],
  types: [],
  noEmit: true,
  skipLibCheck: true,
};
const MODULES: Readonly<Record<string, string>> = {
  '../lib': '/dist/lib/index.d.ts',
  '../lesson': '/dist/lesson/index.d.ts',
  seedrandom: '/seedrandom.d.ts',
};

/** Keeps the cells of a notebook as modules, one a run. */
export class Checker {
  private readonly parsed = new Map<string, ts.SourceFile>();
  /** Each name of the notebook, with a line of code that declares it in another cell. */
  private readonly known = new Map<string, string>();
  private program: ts.Program | undefined;
  private runs = 0;
  private readonly host: ts.CompilerHost;

  /** @param files texts of declarations by path: TypeScript's in /typescript/, built ones in /dist/ */
  constructor(files: Readonly<Record<string, string>>) {
    this.host = {
      getSourceFile: (path) => this.parsed.get(path) ?? this.parse(path, files[path]),
      getDefaultLibFileName: () => '/typescript/lib.es2023.d.ts',
      getDefaultLibLocation: () => '/typescript',
      writeFile: () => {},
      getCurrentDirectory: () => '/',
      getCanonicalFileName: (path) => path,
      useCaseSensitiveFileNames: () => true,
      getNewLine: () => '\n',
      fileExists: (path) => path in files || this.parsed.has(path),
      readFile: (path) => files[path],
      resolveModuleNameLiterals: (names, importer) =>
        names.map(({ text }) => ({ resolvedModule: this.resolve(text, importer) })),
    };
  }

  /**
   * Checks a cell that is about to run, or has run.
   * @param ran its names are known from now on, whatever is wrong with it
   * @returns what is wrong, as LINE:COLUMN - MESSAGE in short; if nothing is, its names are known from now on
   */
  check(code: string, ran = false): string[] {
    const path = `/cell-${++this.runs}.ts`;
    const own = declarationsOf(ts.createSourceFile(path, code, ts.ScriptTarget.Latest), path);
    const others = [...this.known].filter(([name]) => !own.has(name) && code.includes(name));
    const exported = [...own].filter(([, line]) => line.includes(path)).map(([name]) => name);
    const lines = [...others.map(([, line]) => line), `export { ${exported.join(', ')} };`];
    const file = this.parse(path, `${code}\n${lines.join('\n')}`)!;
    const program = ts.createProgram(['/cells.d.ts', path], OPTIONS, this.host, this.program);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    this.program = program;
    const shown = found.filter((one) => (one.start ?? 0) < code.length);
    const wrong = inShort(shown.flatMap((one) => linesOf(file, one)));
    if (wrong.length === 0 || ran) for (const [name, line] of own) this.known.set(name, line);
    return wrong;
  }

  /** Forgets all cells. */
  reset(): void {
    this.known.clear();
  }

  private parse(path: string, text?: string): ts.SourceFile | undefined {
    if (text === undefined) return undefined;
    this.parsed.set(path, ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true));
    return this.parsed.get(path);
  }

  private resolve(name: string, from: string): ts.ResolvedModuleFull | undefined {
    const path = MODULES[name] ?? new URL(name, `file://${from}`).pathname.replace(/\.(m?)js$/, '.d.$1ts');
    if (!this.host.fileExists(path)) return undefined;
    return { resolvedFileName: path, extension: path.endsWith('.d.ts') ? ts.Extension.Dts : ts.Extension.Ts };
  }
}

/** The names that a cell declares, each with what declares it elsewhere. */
function declarationsOf(file: ts.SourceFile, path: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      const kind = statement.declarationList.flags & ts.NodeFlags.Const ? 'const' : 'let';
      for (const name of statement.declarationList.declarations.flatMap((one) => namesIn(one.name)))
        found.set(name, `declare ${kind} ${name}: typeof import('${path}').${name};`);
    } else if (ts.isImportDeclaration(statement)) {
      for (const [name, clause] of importsIn(statement.importClause))
        found.set(name, `import ${clause} from ${statement.moduleSpecifier.getText(file)};`);
    } else {
      const { name } = statement as ts.Statement & { name?: ts.Identifier };
      if (name) found.set(name.text, `import { ${name.text} } from '${path}';`);
    }
  }
  return found;
}

function namesIn(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((one) => (ts.isBindingElement(one) ? namesIn(one.name) : []));
}

function importsIn(clause?: ts.ImportClause): [string, string][] {
  const found: [string, string][] = clause?.name ? [[clause.name.text, clause.name.text]] : [];
  const { namedBindings } = clause ?? {};
  if (namedBindings && ts.isNamespaceImport(namedBindings))
    found.push([namedBindings.name.text, `* as ${namedBindings.name.text}`]);
  if (namedBindings && ts.isNamedImports(namedBindings))
    for (const { name, propertyName = name } of namedBindings.elements)
      found.push([name.text, `{ ${propertyName.text} as ${name.text} }`]);
  return found;
}

/** A message and those that explain it, as tslab writes them. */
function linesOf(file: ts.SourceFile, { start = 0, messageText }: ts.Diagnostic): string[] {
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  const text = ts.flattenDiagnosticMessageText(messageText, '\n');
  return text.split('\n').map((text) => `${line + 1}:${character + 1} - ${text.trim()}`);
}
