// Takes an exported declaration, with its docstring, out of a TypeScript or JavaScript file.
import { createRequire } from 'node:module';
import { EpisodeError } from './errors.mjs';

let ts; // the compiler takes half a second to load: only a page that shows code waits for it

/**
 * The text of what a file exports under a name; overloads come together.
 * @throws {EpisodeError} where the file declares no such export; the message lists what it does
 */
export function declarationIn(text, file, name) {
  ts ??= createRequire(import.meta.url)('typescript');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const exported = source.statements.filter(isExported);
  const found = exported.filter((statement) => namesOf(statement).includes(name));
  if (found.length > 0)
    return found.map((statement) => text.slice(statement.getStart(source, true), statement.end)).join('\n\n');
  const names = [...new Set(exported.flatMap(namesOf))].join(', ') || 'nothing';
  throw new EpisodeError(
    'UNKNOWN_SOURCE',
    `${file} declares no export of the name '${name}'. It exports: ${names}.`,
  );
}

function isExported(statement) {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

function namesOf(statement) {
  if (!ts.isVariableStatement(statement)) return statement.name ? [statement.name.text] : [];
  return statement.declarationList.declarations.map(({ name }) => name.getText());
}
