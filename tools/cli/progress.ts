// A progress bar with the time left, on a terminal, for what takes longer than a second; else silence.

const QUIET_MS = 1000;

/** Shows progress towards `total` on stderr. Call `update` as often as you like, and `stop` in the end. */
export async function progressBar(label: string, total: number) {
  if (!process.stderr.isTTY) return { update: (_done: number) => {}, stop: () => {} };
  const { Presets, SingleBar } = await import('cli-progress');
  const format = `${label} [{bar}] {percentage} % | {eta_formatted} left`;
  const looks = { format, stream: process.stderr, fps: 10, etaBuffer: 100 };
  const bar = new SingleBar({ ...looks, hideCursor: true, clearOnComplete: true }, Presets.legacy);
  const began = performance.now();
  return {
    update(done: number) {
      if (bar.isActive) bar.update(done);
      else if (performance.now() - began > QUIET_MS) bar.start(total, done);
    },
    stop() {
      if (bar.isActive) bar.stop();
    },
  };
}
