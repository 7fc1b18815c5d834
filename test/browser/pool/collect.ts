// Stands in for vitest in a page: collects tests, and runs them one after the other.
import { JestChaiExpect } from '@vitest/expect';
import * as chai from 'chai';

/** How a test ended: without `error` it passed. */
export interface Ended {
  readonly name: string;
  readonly error?: string;
}

type Body = (...args: unknown[]) => unknown;

chai.use(JestChaiExpect);
export const expect = chai.expect;

const tests: { readonly name: string; readonly body: () => unknown }[] = [];
const afterEachTest: (() => unknown)[] = [];
const MOST_MS = 60_000;

export function describe(_name: string, collect: () => void): void {
  collect();
}

export function afterEach(after: () => unknown): void {
  afterEachTest.push(after);
}

export function test(name: string, body: Body): void {
  tests.push({ name, body });
}
test.skipIf = (skip: boolean) => (skip ? () => {} : test);
test.each = (rows: readonly (readonly unknown[])[]) => (name: string, body: Body) => {
  for (const row of rows) {
    let at = 0;
    test(
      name.replace(/%s/g, () => String(row[at++])),
      () => body(...row),
    );
  }
};

/** Runs all tests that were collected. */
export async function runTests(): Promise<Ended[]> {
  const ends: Ended[] = [];
  for (const { name, body } of tests) ends.push({ name, ...(await failureOf(body)) });
  return ends;
}

async function failureOf(body: () => unknown): Promise<{ error?: string }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${MOST_MS} ms`)), MOST_MS);
  });
  try {
    await Promise.race([body(), late]);
    for (const after of afterEachTest) await after();
    return {};
  } catch (error) {
    return { error: String((error as Error).stack ?? error) };
  } finally {
    clearTimeout(timer);
  }
}
