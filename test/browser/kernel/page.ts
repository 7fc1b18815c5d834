// The page of kernel.browser.mjs: a kernel, as tests drive it.
import { Kernel, type KernelState } from '../../../site/kernel/kernel.js';
import type { OutputMessage } from '../../../site/kernel/protocol.js';

interface Cell {
  readonly id: string;
  readonly code: string;
}

/** Runs cells one after the other, as 'Run all' does; ends at the first that fails. */
async function runAll(cells: readonly Cell[], env: Record<string, string>, checked = false) {
  const states: string[] = [];
  const kernel = new Kernel({ env, onState: (state: KernelState) => states.push(state) });
  if (checked) await kernel.loadChecker();
  const ran: { id: string; ok: boolean; count: number; outputs: OutputMessage[]; ms: number }[] = [];
  for (const { id, code } of cells) {
    const outputs: OutputMessage[] = [];
    const began = performance.now();
    const { ok, count } = await kernel.run(id, code, (message) => outputs.push(message));
    ran.push({ id, ok, count, outputs, ms: performance.now() - began });
    if (!ok) break;
  }
  kernel.close();
  return { ran, states };
}

Object.assign(globalThis, { Kernel, runAll });
