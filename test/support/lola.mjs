// The `lola` command on the build that is there, without the check for a newer one.
import { main } from '../../dist/tools/cli/main.js';

await main(process.argv.slice(2));
