// Errors as a reader of cells wants them: name, message, and the lines of cells that led there.
import { inspect } from 'node-inspect-extracted';

const PREFIX = 'cell:';

/** Appended to a cell's code so that stack traces name the cell. */
export function sourceUrl(cell: string): string {
  return `\n//# sourceURL=${PREFIX}${encodeURIComponent(cell)}`;
}

/** How an error is shown. */
export interface Shown {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** Shows whatever was thrown. */
export function shownError(thrown: unknown): Shown {
  if (!(thrown instanceof Error)) {
    const evalue = inspect(thrown);
    return { ename: 'Thrown', evalue, traceback: [`Thrown: ${evalue}`] };
  }
  const { name, message, cause } = thrown;
  const causes =
    cause === undefined ? [] : shownError(cause).traceback.map((line, i) => (i ? line : `Caused by ${line}`));
  return { ename: name, evalue: message, traceback: [`${name}: ${message}`, ...framesOf(thrown), ...causes] };
}

/** The frames in cells: V8 writes 'at f (cell:x:1:2)', the others 'f@cell:x:1:2'. */
function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').flatMap((line) => {
    const found = /^\s*(?:at )?(?:async )?(?:([^@(]*?)[@( ]+)?cell:([^:\s]+):(\d+):\d+/.exec(line);
    if (!found) return [];
    const [, name = '', cell, number] = found;
    const place = `cell ${decodeURIComponent(cell)}, line ${number}`;
    return [
      /^(eval|anonymous|<anonymous>)?$/.test(name.trim())
        ? `    at ${place}`
        : `    at ${name.trim()} (${place})`,
    ];
  });
}
