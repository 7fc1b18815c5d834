// What `import * as tslab from 'tslab'` gives in a page: displays, as tslab's own.
import type { Outputs } from './outputs.js';

let displays = 0;

/** The module 'tslab' over the outputs of a kernel. */
export function tslabOf(outputs: Outputs) {
  const displayOf = (id?: string) => {
    const raw = (type: string, data: string | Uint8Array) =>
      outputs.show({ [type]: typeof data === 'string' ? data : base64Of(data) }, id);
    const types = {
      javascript: 'text/javascript',
      html: 'text/html',
      markdown: 'text/markdown',
      latex: 'text/latex',
      svg: 'image/svg+xml',
      png: 'image/png',
      jpeg: 'image/jpeg',
      gif: 'image/gif',
      pdf: 'application/pdf',
      text: 'text/plain',
    };
    const ways = Object.entries(types).map(([way, type]) => [
      way,
      (data: string | Uint8Array) => raw(type, data),
    ]);
    return {
      ...(Object.fromEntries(ways) as Record<keyof typeof types, (data: string | Uint8Array) => void>),
      raw,
    };
  };
  return {
    versions: { tslab: 'of this page', typescript: 'none', node: 'none' },
    display: displayOf(),
    newDisplay: () => displayOf(`display-${Date.now().toString(36)}-${displays++}`),
  };
}

function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
