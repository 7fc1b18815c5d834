// The page of verdicts.browser.mjs: a kernel with the checker of types, as a notebook's page has it.
import { Kernel } from '../../../site/kernel/kernel.js';
import type { OutputMessage } from '../../../site/kernel/protocol.js';

const kernel = new Kernel({ env: { LOLA_QUICK: '1' } });

/** What a cell writes to a stream; errors are for the reader, too. */
function written(messages: readonly OutputMessage[], stream: 'stdout' | 'stderr'): string {
  return messages
    .map((message) => {
      const output = 'output' in message ? message.output : undefined;
      if (output?.output_type === 'error') return stream === 'stderr' ? output.traceback.join('\n') : '';
      return output?.output_type === 'stream' && output.name === stream ? output.text : '';
    })
    .join('');
}

async function run(code: string): Promise<{ stdout: string; stderr: string }> {
  await kernel.loadChecker();
  const messages: OutputMessage[] = [];
  await kernel.run('cell', code, (message) => messages.push(message));
  return { stdout: written(messages, 'stdout'), stderr: written(messages, 'stderr') };
}

Object.assign(globalThis, { verdictCells: { run, restart: () => kernel.restart() } });
