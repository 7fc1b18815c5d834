// Tests import lib's sources by name and types, and run the build of it: what is tested is what learners run.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const dist = fileURLToPath(new URL('./dist', import.meta.url));

export default defineConfig({
  resolve: {
    alias: [{ find: /^(?:\.\.\/)+(lib|lesson|tools|room)\/(.*)\.js$/, replacement: `${dist}/$1/$2.js` }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 100_000 } },
    server: { deps: { external: [/\/dist\//] } },
  },
});
