/** What the log has in the case `sub-process-stream`: lines of 100 bytes, with their breaks. */
export const streamedLine = 'x'.repeat(99);
export const streamedLines = 1_000_000;
