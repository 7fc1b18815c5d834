// A client of the slow-link runs: computes on the cluster of a scheduler file, and prints what it saw as one line of JSON.
import { connect } from '../../dist/lib/cluster/index.js';

const [file, operation, count, bytes] = process.argv.slice(2);
const executor = await connect({ file });
const seen = { started: 0, left: [], failed: 0, right: 0 };
const tasks = Array.from({ length: Number(count) }, (_, i) => ({
  key: `${operation}-${i}`,
  operation,
  input: operation === 'make' ? Number(bytes) : new Uint8Array(Number(bytes)).fill(7),
}));
const values = await executor.run(tasks, {
  onEvent(event) {
    if (event.type === 'started') seen.started += 1;
    if (event.type === 'left') seen.left.push(event.reason);
    if (event.type === 'failed') seen.failed += 1;
  },
});
for (const value of values) {
  const length = operation === 'make' ? value.length : value;
  if (length === Number(bytes)) seen.right += 1;
}
await executor.close();
process.stdout.write(`${JSON.stringify(seen)}\n`);
