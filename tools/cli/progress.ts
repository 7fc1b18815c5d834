// A progress bar with the time left, on a terminal, for what takes longer than a second; else silence.

const QUIET_MS = 1000;
const CLEAR_LINE = '\r\x1b[K';

/** Shows progress towards `total` on stderr. Call `update` as often as you like, and `stop` in the end. */
export async function progressBar(label: string, total: number) {
  if (!process.stderr.isTTY) return { update: (_done: number) => {}, stop: () => {} };
  const { Presets, SingleBar } = await import('cli-progress');
  const format = `${label} [{bar}] {percentage} % | {eta_formatted} left`;
  const write = process.stderr.write.bind(process.stderr);
  const stream = Object.create(process.stderr, { write: { value: write } }) as NodeJS.WriteStream;
  const looks = { format, stream, fps: 10, etaBuffer: 100 };
  const bar = new SingleBar({ ...looks, hideCursor: true, clearOnComplete: true }, Presets.legacy);
  const began = performance.now();
  /** What else is written takes the bar's line; the bar goes on below it. */
  const around = (...given: Parameters<typeof write>) => write(CLEAR_LINE) && write(...given);
  return {
    update(done: number) {
      if (bar.isActive) return bar.update(done);
      if (performance.now() - began <= QUIET_MS) return;
      Object.assign(process.stderr, { write: around });
      bar.start(total, done);
    },
    stop() {
      if (!bar.isActive) return;
      bar.stop();
      Object.assign(process.stderr, { write });
    },
  };
}
