import { logItems, readLogSegments } from '@aurae/observe-logs';

// Follows the log in the directory that is its last argument, and prints its lines and the error that ends it.

try {
  const directory = process.argv.at(-1) ?? '';
  for await (const { line } of logItems(readLogSegments({ directory, follow: true }))) console.log(line);
} catch (error) {
  console.log(String(error));
}
