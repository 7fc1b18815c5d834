// The tests that need a running Slurm: `npm run test:slurm` starts one and runs them.
import { mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

const merged = mergeConfig(base, {
  test: { testTimeout: 600_000, hookTimeout: 120_000, fileParallelism: false },
});
merged.test.include = ['test/slurm/**/*.slurm.ts'];
export default merged;
