import { describe, expect, it } from 'vitest';
import { type DisposalFailure, DisposalStack } from '../../src/lifecycle/disposal-stack.js';

describe('a disposal stack', () => {
  it('ends things in the reverse order, one after the other, and goes on after a failure', async () => {
    const failures: DisposalFailure[] = [];
    const order: string[] = [];
    const stack = new DisposalStack((failure) => failures.push(failure));
    stack.defer('first', () => void order.push('first'));
    stack.defer('second', () => Promise.reject(new Error('stuck')));
    stack.defer('third', async () => {
      await Promise.resolve();
      order.push('third');
    });
    await stack.dispose();
    expect(order).toEqual(['third', 'first']);
    expect(failures).toEqual([{ name: 'second', error: new Error('stuck') }]);
  });

  it('does not wait for ever for one that hangs', async () => {
    const failures: DisposalFailure[] = [];
    const order: string[] = [];
    const stack = new DisposalStack((failure) => failures.push(failure), 10);
    stack.defer('first', () => void order.push('first'));
    stack.defer('second', () => new Promise(() => {}));
    await stack.dispose();
    expect(order).toEqual(['first']);
    expect(failures).toEqual([{ name: 'second', error: new Error('It did not end within 10 ms') }]);
  });

  it('is harmless to dispose twice', async () => {
    let count = 0;
    const stack = new DisposalStack(() => {});
    stack.defer('it', () => void count++);
    await Promise.all([stack.dispose(), stack.dispose()]);
    expect(count).toBe(1);
  });
});
