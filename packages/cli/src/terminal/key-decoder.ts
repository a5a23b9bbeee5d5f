import { StringDecoder } from 'node:string_decoder';

/** A key: a character as it is, or the name of one that has none. */
export type Key = string;

/** Names are longer than a character. */
const sequences: Readonly<Record<string, Key>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  '[H': 'home',
  '[F': 'end',
  OH: 'home',
  OF: 'end',
  '[1~': 'home',
  '[4~': 'end',
  '[5~': 'page-up',
  '[6~': 'page-down',
};

const controls: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u0002': 'page-up',
  '\u0003': 'ctrl-c',
  '\u0006': 'page-down',
  '\b': 'backspace',
  '\u000c': 'ctrl-l',
  '\u0015': 'ctrl-u',
  '\u001a': 'ctrl-z',
  '\u007f': 'backspace',
};

// ECMA-48, 5.4: parameters, intermediates, and a final byte; SS3 takes one character.
const sequence = /^\u001b(\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|O[\x20-\x7e])/;
const beginning = /^\u001b(\[[\x30-\x3f]*[\x20-\x2f]*|O)?$/;

/** Makes keys of what a terminal sends. */
export class KeyDecoder {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';

  /** Whether it may be the beginning of a key that is on its way, or Escape alone: the time tells. */
  get isUnsure(): boolean {
    return this.rest !== '';
  }

  add(bytes: Buffer): Key[] {
    this.rest += this.decoder.write(bytes);
    const keys: Key[] = [];
    while (this.rest !== '' && !beginning.test(this.rest)) {
      const key = this.next();
      if (key !== undefined) keys.push(key);
    }
    return keys;
  }

  /** Nothing came for a while. */
  settle(): Key[] {
    const isAlone = this.rest === '\u001b';
    this.rest = '';
    return isAlone ? ['escape'] : [];
  }

  /** Undefined for one that means nothing here. */
  private next(): Key | undefined {
    const [whole, body] = sequence.exec(this.rest) ?? [];
    if (whole !== undefined && body !== undefined) {
      this.rest = this.rest.slice(whole.length);
      return sequences[body];
    }
    const [character = ''] = this.rest;
    this.rest = this.rest.slice(character.length);
    if (character === '\u001b') return 'escape';
    return controls[character] ?? (/^\p{Cc}$/u.test(character) ? undefined : character);
  }
}
