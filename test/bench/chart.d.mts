// Types of chart.mjs, for the TypeScript that imports it.
import type { Result } from './report.mjs';

export function drawChart(results: readonly Result[], note: string): string;
