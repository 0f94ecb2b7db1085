import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ApiError } from './errors';
import { fileResponse } from './file-response';

const file = new Blob(['0123456789']);
const ask = (headers: Record<string, string>) =>
  fileResponse(new Request('http://localhost/', { headers }), file, 'video/mp4', 'tag');

test.each([
  ['bytes=0-3', '0123', 'bytes 0-3/10'],
  ['bytes=4-', '456789', 'bytes 4-9/10'],
  ['bytes=-3', '789', 'bytes 7-9/10'],
  ['bytes=-99', '0123456789', 'bytes 0-9/10'],
  ['bytes=8-99', '89', 'bytes 8-9/10'],
  ['Bytes = 9-9', '9', 'bytes 9-9/10'],
])('%s is a part', async (range, text, contentRange) => {
  const response = ask({ range });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(contentRange);
  expect(response.headers.get('content-length')).toBe(`${text.length}`);
  expect(await response.text()).toBe(text);
});

test.each(['', 'bytes=', 'bytes=-', 'bytes=5-4', 'bytes=0-1,4-5', 'frames=0-1', 'bytes=a-b'])(
  '%j is the whole file',
  async (range) => {
    const response = ask(range ? { range } : {});
    expect(response.status).toBe(200);
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(await response.text()).toBe('0123456789');
  },
);

test.each(['bytes=10-', 'bytes=-0', 'bytes=99-100'])('%s lies outside', (range) => {
  expect(() => ask({ range })).toThrow(ApiError);
});

test('a part of another version is not this one’s', () => {
  expect(ask({ range: 'bytes=0-3', 'if-range': '"tag"' }).status).toBe(206);
  expect(ask({ range: 'bytes=0-3', 'if-range': '"other"' }).status).toBe(200);
  expect(ask({ range: 'bytes=0-3', 'if-range': 'Fri, 20 Nov 2026 00:00:00 GMT' }).status).toBe(200);
});

test('any range gives exactly its bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(9), fc.nat(20), async (from, more) => {
      const response = ask({ range: `bytes=${from}-${from + more}` });
      expect(await response.text()).toBe('0123456789'.slice(from, from + more + 1));
    }),
  );
});
