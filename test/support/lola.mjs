// The `lola` command on the build that is there, without the check for a newer one.
import { main } from '../../dist/cli/main.js';

await main(process.argv.slice(2));
