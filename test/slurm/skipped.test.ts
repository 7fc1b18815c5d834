import { test } from 'vitest';
import { whyNoSlurm } from '../../scripts/test-slurm.mjs';

const reason = whyNoSlurm();

test.skip(`a real Slurm: run npm run test:slurm${reason ? ` (${reason})` : ''}`, () => {});
