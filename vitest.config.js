// Tests import lib's sources by name and types, and run the build of it: what is tested is what learners run.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';

const dist = fileURLToPath(new URL('./dist', import.meta.url));

/** The files that take longest start first: none of them is alone at the end. */
const LONGEST = [
  ...['notebooks/lesson', 'cluster/faults', 'tools/cli/prepare', 'notebooks/runner', 'episodes/commands'],
  ...['episodes/record', 'lesson/answers', 'tools/cli/lola', 'cluster/cli', 'room/server'],
];
class LongestFirst extends BaseSequencer {
  async sort(files) {
    const place = ({ moduleId }) => {
      const i = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return i < 0 ? LONGEST.length : i;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  resolve: {
    alias: [{ find: /^(?:\.\.\/)+(lib|lesson|tools|room)\/(.*)\.js$/, replacement: `${dist}/$1/$2.js` }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 4, // many tests wait for processes, so two cores have work for four
    maxConcurrency: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 100_000 } },
    server: { deps: { external: [/\/dist\//] } },
  },
});
