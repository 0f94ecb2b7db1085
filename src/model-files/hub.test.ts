import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HubRequest, nextPage, parseTree, remoteFiles, treeUrl } from './hub';

const SHA = '31'.repeat(32);
const request: HubRequest = {
  base: 'https://huggingface.co/',
  repo: 'someone/svd',
  revision: 'refs/pr/1',
  files: [
    { from: 'unet/config.json', path: 'unet/config.json' },
    { from: 'svd #1.safetensors', path: 'svd.safetensors' },
  ],
};
const tree = [
  { type: 'directory', path: 'unet', size: 0, oid: 'abc' },
  { type: 'file', path: 'unet/config.json', size: 903, oid: 'abc' },
  {
    type: 'file',
    path: 'svd #1.safetensors',
    size: 4_780_000_000,
    oid: 'abc',
    lfs: { oid: SHA, size: 4_780_000_000, pointerSize: 135 },
  },
];

test('wanted files are found with size, and with their hash where they are in LFS', () => {
  const root = 'https://huggingface.co/someone/svd/resolve/refs%2Fpr%2F1';
  expect(remoteFiles(request, parseTree(JSON.stringify(tree)))).toEqual([
    { path: 'unet/config.json', url: `${root}/unet/config.json`, size: 903 },
    { path: 'svd.safetensors', url: `${root}/svd%20%231.safetensors`, size: 4_780_000_000, sha256: SHA },
  ]);
});

test('a host without a list gives addresses alone', () => {
  expect(remoteFiles(request, undefined).map((file) => Object.keys(file))).toEqual([
    ['path', 'url'],
    ['path', 'url'],
  ]);
});

test('a file that the repository lacks is told by its name', () => {
  expect(() => remoteFiles(request, parseTree(JSON.stringify(tree.slice(0, 2))))).toThrow(
    'someone/svd at refs/pr/1 on huggingface.co has no svd #1.safetensors. Choose another revision.',
  );
});

test('a path that would leave the model’s folder is refused', () => {
  for (const path of ['../x', '/x', 'a//b', 'a/..', 'a\\b', '', 'x.part', 'a\0']) {
    expect(() => remoteFiles({ ...request, files: [{ from: 'x', path }] }, undefined), path).toThrow(
      "cannot be a path in a model's folder",
    );
  }
});

test('the list lies under the host’s api; its next page is followed on the same host only', () => {
  expect(treeUrl(request)).toBe('https://huggingface.co/api/models/someone/svd/tree/refs%2Fpr%2F1?recursive=true');
  expect(() => treeUrl({ ...request, base: 'huggingface.co' })).toThrow('it should begin with https://');
  const next = 'https://huggingface.co/api/models/someone/svd/tree/main?cursor=2';
  expect(nextPage(`<${next}>; rel="next"`, request)).toBe(next);
  expect(nextPage('<https://huggingface.co.evil.example/>; rel="next"', request)).toBeUndefined();
  expect(nextPage(`<${next}>; rel="prev"`, request)).toBeUndefined();
  expect(nextPage(null, request)).toBeUndefined();
});

test('what is no list is none, whatever it is', () => {
  for (const text of ['', '<html>', '{}', '[1]', '[{"type":"file"}]', '[{"type":"file","path":"x","size":-1}]']) {
    expect(parseTree(text)).toBeUndefined();
  }
  const badHash = [{ ...tree[2], lfs: { oid: 'sha256:31', size: 5 } }];
  expect(parseTree(JSON.stringify(badHash))).toBeUndefined();
  fc.assert(
    fc.property(fc.json(), (json) => {
      const list = parseTree(json);
      return list === undefined || Array.isArray(list);
    }),
    { numRuns: 2000, seed: 6 },
  );
});
