/** Of poll(2); epoll(7) has the same numbers. */
export const pollEvents = { error: 0x8, hangUp: 0x10 } as const;
