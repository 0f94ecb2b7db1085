import { expect, test } from 'vitest';
import { describeModel, type FileRecord, type Found, type ModelRecord } from './record';

const file: FileRecord = { path: 'unet/w.safetensors', from: 'https://x', bytes: 100, sha256: 'ab', verifiedTime: 7 };
const model = (...files: FileRecord[]): ModelRecord => ({ id: 'svd', title: 'SVD', files, addedAt: 1 });
const whole: Found = { state: 'whole', bytes: 100, lastModified: 7 };
const look = (record: FileRecord, found: Found) => describeModel(model(record), new Map([[record.path, found]]));
const { verifiedTime: _, ...unverified } = file;
const handle = { name: 'w.safetensors', getFile: () => Promise.reject() };

test('a model is verified when all its files are there as they were when they were read', () => {
  expect(look(file, whole)).toEqual({
    id: 'svd',
    title: 'SVD',
    state: 'verified',
    files: [{ path: 'unet/w.safetensors', bytes: 100, bytesHere: 100, where: 'browser', sha256: 'ab' }],
    addedAt: 1,
  });
});

test('a model is partial while a file is on its way, and when it has none yet', () => {
  expect(look(unverified, { state: 'partial', bytes: 40 })).toMatchObject({
    state: 'partial',
    files: [{ bytesHere: 40 }],
  });
  expect(look(unverified, { state: 'missing' })).toMatchObject({ state: 'partial', files: [{ bytesHere: 0 }] });
  expect(look(unverified, whole).state).toBe('partial');
  expect(describeModel(model(), new Map()).state).toBe('partial');
});

const faults: readonly { what: string; record: FileRecord; found: Found; says: RegExp }[] = [
  { what: 'is gone', record: file, found: { state: 'missing' }, says: /is no longer there\. Add the model again\.$/ },
  { what: 'has only a part left', record: file, found: { state: 'partial', bytes: 4 }, says: /is no longer there\./ },
  { what: 'has another size', record: file, found: { ...whole, bytes: 99 }, says: /has 99 bytes now, not 100\./ },
  {
    what: 'was touched',
    record: file,
    found: { ...whole, lastModified: 8 },
    says: /has been touched .* Verify the model/,
  },
  { what: 'failed its hash', record: { ...unverified, broken: true }, found: whole, says: /is not what it was/ },
  {
    what: 'was moved on the disk',
    record: { ...file, handle },
    found: { state: 'missing' },
    says: /Put it back as it was/,
  },
];
for (const { what, record, found, says } of faults) {
  test(`a model is broken when a file ${what}, and says what to do`, () => {
    expect(look(record, found)).toMatchObject({ state: 'broken', fault: expect.stringMatching(says) });
  });
}

test('a file on the disk that may not be looked at yet counts as it was left', () => {
  expect(look({ ...file, handle }, { state: 'locked' })).toMatchObject({
    state: 'verified',
    files: [{ where: 'disk', bytesHere: 100 }],
  });
});
