// Finds the `lola` program of this package, for code that starts it as a process of its own. Needs Node.
import { fileURLToPath } from 'node:url';
import { readText } from './cores.mjs';

/** The path of the `lola` program: the bin of the nearest package.json above this file that names one. */
export function lolaProgram(): string {
  let folder = new URL('.', import.meta.url);
  for (;;) {
    const text = readText(fileURLToPath(new URL('package.json', folder)));
    const { bin } = JSON.parse(text ?? '{}') as { bin?: { lola?: string } };
    if (bin?.lola) return fileURLToPath(new URL(bin.lola, folder));
    const parent = new URL('..', folder);
    if (parent.href === folder.href) throw new Error('no package.json above lib names the lola program');
    folder = parent;
  }
}
