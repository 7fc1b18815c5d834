// A progress bar with the time left, on a terminal, for what takes longer than a second; else silence.
import { Presets, SingleBar } from 'cli-progress';

const QUIET_MS = 1000;

/** Shows progress towards `total` on stderr. Call `update` as often as you like, and `stop` in the end. */
export function progressBar(label: string, total: number): { update(done: number): void; stop(): void } {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const began = performance.now();
  const format = `${label} [{bar}] {percentage} % | {eta_formatted} left`;
  const bar = new SingleBar(
    { format, stream: process.stderr, fps: 10, etaBuffer: 100, hideCursor: true, clearOnComplete: true },
    Presets.legacy,
  );
  let shown = false;
  return {
    update(done) {
      if (!shown && performance.now() - began < QUIET_MS) return;
      if (!shown) bar.start(total, done);
      else bar.update(done);
      shown = true;
    },
    stop() {
      if (shown) bar.stop();
    },
  };
}
