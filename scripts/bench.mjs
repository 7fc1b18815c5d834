// `npm run bench`: makes sure the clone is installed and built, then hands over to test/bench.
import { prepare } from './prepare.mjs';

prepare();
const { main } = await import('../test/bench/main.mjs');
await main(process.argv.slice(2));
