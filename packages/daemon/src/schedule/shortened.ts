const longestMessage = 1000;

/** Of a message for the history, which is bounded by the number of its entries alone. */
export function shortened(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage)}…`;
}
