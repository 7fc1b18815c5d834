// A progress bar with the time left, on a terminal, for what takes longer than a second; else silence.

const QUIET_MS = 1000;

/** Shows progress towards `total` on stderr. Call `update` as often as you like, and `stop` in the end. */
export async function progressBar(
  label: string,
  total: number,
): Promise<{ update(done: number): void; stop(): void }> {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const { Presets, SingleBar } = await import('cli-progress');
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
