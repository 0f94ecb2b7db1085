import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from './crc32';
import { type Journal, journalText, parseJournal } from './journal';

const journal: Journal = {
  from: 'https://hub.example/svd/resolve/main/unet/weights.safetensors',
  etag: '"5d41402abc4b2a76b9719d911017c592"',
  size: 3_049_435_836,
  offset: 1_616_000_000,
  hashState: Uint8Array.from({ length: 116 }, (_, i) => (i * 37) % 256),
};

test('a journal is read as it was written', () => {
  expect(parseJournal(journalText(journal))).toEqual(journal);
  const { etag: _, ...withoutEtag } = journal;
  expect(parseJournal(journalText(withoutEtag))).toEqual(withoutEtag);
});

test('the checksum is the CRC-32 that everybody has', () => {
  expect(crc32('123456789')).toBe(0xcbf43926);
});

/** Ways in which a text may come back other than it was written. */
const DAMAGE: readonly ((text: string, at: number, other: number) => string)[] = [
  // One letter is another, or has a flipped bit; a piece is lost, doubled, or moved; the end is cut off, or has grown.
  (text, at, other) => text.slice(0, at) + String.fromCharCode(other % 128) + text.slice(at + 1),
  (text, at, other) =>
    text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (other % 8))) + text.slice(at + 1),
  (text, at, other) => text.slice(0, at) + text.slice(at + 1 + (other % 40)),
  (text, at, other) => text.slice(0, at) + text.slice(at - (other % 40), at) + text.slice(at),
  (text, at, other) => text.slice(at + (other % 9)) + text.slice(0, at),
  (text, at) => text.slice(0, at),
  (text, at, other) => text + text.slice(at, at + (other % 40)),
  // A digit for a digit: what is most easily mistaken for a sound journal.
  (text, at, other) => text.slice(0, at) + text.slice(at).replace(/\d/, String(other % 10)),
];

test('of a hundred thousand damaged journals none is believed, and none breaks the reader', () => {
  const text = journalText(journal);
  const damaged = fc.tuple(
    fc.nat({ max: text.length - 1 }),
    fc.nat({ max: 1023 }),
    fc.integer({ min: 0, max: DAMAGE.length - 1 }),
  );
  let harmless = 0;
  const run = fc.property(damaged, ([at, other, kind]) => {
    const changed = (DAMAGE[kind] as (typeof DAMAGE)[number])(text, at, other);
    if (changed === text) harmless++;
    return changed === text || parseJournal(changed) === undefined;
  });
  fc.assert(run, { numRuns: 110_000, seed: 4 });
  expect(110_000 - harmless).toBeGreaterThan(100_000);
});

/** As `journalText` would have it, with a right checksum: what another version of the app may have written. */
const sealed = (json: string) => `${crc32(json).toString(16).padStart(8, '0')} ${json}`;

test('fields that cannot be are not believed, though the checksum is right', () => {
  const fields = JSON.parse(journalText(journal).slice(9));
  expect(parseJournal(sealed(JSON.stringify(fields)))).toEqual(journal);
  const wrong = [
    { version: 2 },
    { offset: fields.size + 1 },
    { offset: -1 },
    { offset: 0.5 },
    { size: '3049435836' },
    { size: 2 ** 60 },
    { from: '' },
    { etag: 5 },
    { hashState: 'abc' },
    { hashState: 'zz' },
    { hashState: '' },
    { hashState: undefined },
    { more: 1 },
  ];
  for (const change of wrong) {
    expect(parseJournal(sealed(JSON.stringify({ ...fields, ...change }))), JSON.stringify(change)).toBeUndefined();
  }
});

test('whatever else lies there is no journal', () => {
  for (const other of [
    undefined,
    null,
    5,
    '',
    'x',
    {},
    [],
    new Uint8Array(9),
    sealed('null'),
    sealed('[]'),
    sealed('{'),
  ]) {
    expect(parseJournal(other)).toBeUndefined();
  }
  fc.assert(
    fc.property(fc.json(), (json) => parseJournal(sealed(json)) === undefined),
    { numRuns: 2000, seed: 5 },
  );
});
