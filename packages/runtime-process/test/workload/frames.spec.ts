import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeChunks,
  encodeFrame,
  encodeWords,
  FrameDecoder,
  FrameType,
  mostPayloadBytes,
} from '../../src/shim/frames.js';

const frame = fc.record({ type: fc.integer({ min: 1, max: 255 }), payload: fc.uint8Array({ maxLength: 300 }) });

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(frame), fc.infiniteStream(fc.integer({ min: 1, max: 64 })), (frames, sizes) => {
      const bytes = Buffer.concat(frames.map(({ type, payload }) => encodeFrame(type, payload)));
      const decoder = new FrameDecoder();
      const decoded = [];
      for (let start = 0; start < bytes.length; ) {
        const size = sizes.next().value;
        decoded.push(...decoder.push(bytes.subarray(start, start + size)));
        start += size;
      }
      expect(decoded.map(({ type, payload }) => ({ type, payload: [...payload] }))).toEqual(
        frames.map(({ type, payload }) => ({ type, payload: [...payload] })),
      );
    }),
  );
});

test('what is too long for one frame is cut into several', () => {
  const bytes = Buffer.alloc(mostPayloadBytes * 2 + 1, 'x');
  const frames = new FrameDecoder().push(Buffer.concat(encodeChunks(FrameType.stdin, bytes)));
  expect(frames.map(({ payload }) => payload.length)).toEqual([mostPayloadBytes, mostPayloadBytes, 1]);
});

test('numbers are little-endian words', () => {
  expect([...encodeWords(FrameType.stop, 15, 0x01020304)]).toEqual([7, 0, 0, 0, 8, 0, 0, 0, 15, 0, 0, 0, 4, 3, 2, 1]);
});

test('a stream that is no sequence of frames is refused', () => {
  expect(() => new FrameDecoder().push(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(/a frame of type/);
});
