import { logIdentity } from '@aurae/observe-logs';

// Prints the identity of the log in the directory that is its last argument.

console.log(await logIdentity(process.argv.at(-1) ?? ''));
