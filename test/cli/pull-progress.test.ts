import { expect, test } from 'vitest';
import { inMegabytes, pullProgress } from '#cli/pull-progress.js';

function lines(tell: (progress: ReturnType<typeof pullProgress>) => void): string[] {
  const told: string[] = [];
  tell(pullProgress({ write: text => told.push(text) }));
  return told;
}

test('a file is told of at each tenth, however many pieces it comes in', () => {
  const told = lines(progress => {
    for (let at = 1; at <= 1000; at++) progress('a.onnx', at * 34_000, 34e6);
  });
  expect(told).toHaveLength(10);
  expect([told[0], told.at(-1)]).toEqual(['weir: a.onnx: 3.4 MB of 34.0 MB\n', 'weir: a.onnx: 34.0 MB\n']);
});

test('files are told apart, and one whose size nobody knows is told of at every 10 MB', () => {
  const told = lines(progress => {
    progress('a', 10, 10);
    for (let at = 1; at <= 25; at++) progress('b', at * 1e6, undefined);
  });
  expect(told).toEqual(['weir: a: 0.0 kB\n', 'weir: b: 10.0 MB\n', 'weir: b: 20.0 MB\n']);
  expect(inMegabytes(1234)).toBe('1.2 kB');
});
