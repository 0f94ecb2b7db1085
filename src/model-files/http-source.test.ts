import { expect, test } from 'vitest';
import { SimulatedTime } from '../../reference/simulated-time';
import { type HttpAnswer, type HttpFile, httpSource } from './http-source';

const URL = 'https://hub.example/svd/resolve/main/unet/weights.safetensors';
const FILE: HttpFile = { path: 'unet/weights.safetensors', url: URL };

/** What becomes of one answer: the arrival without its functions, or the error. */
async function become(answer: Partial<HttpAnswer> & { headers?: Record<string, string> }, offset = 0, file = FILE) {
  const { headers = {}, ...rest } = answer;
  let closed = false;
  const fetch = async (): Promise<HttpAnswer> => ({
    status: 206,
    redirected: false,
    header: (name) => headers[name] ?? null,
    read: async () => undefined,
    close: () => {
      closed = true;
    },
    ...rest,
  });
  const opened = httpSource(file, fetch, new SimulatedTime()).open(offset);
  return opened.then(
    ({ offset, size, etag }) => ({ offset, size, etag }),
    (error: Error & { pauseMs?: number; anew?: boolean }) => {
      expect(closed, 'the connection of an answer that is not wanted is closed').toBe(true);
      const { name, message, pauseMs, anew } = error;
      return { name, message, pauseMs, anew };
    },
  );
}

test('a request asks for a range from the first byte on, shows the token, and nothing else', async () => {
  const asked: unknown[] = [];
  const fetch = async (...request: unknown[]): Promise<never> => {
    asked.push(request);
    throw new TypeError('Failed to fetch');
  };
  await expect(httpSource(FILE, fetch, new SimulatedTime()).open(0)).rejects.toThrow('hub.example cannot be reached.');
  await expect(httpSource({ ...FILE, token: 'hf_x' }, fetch, new SimulatedTime()).open(7)).rejects.toThrow();
  expect(asked).toEqual([
    [URL, { Range: 'bytes=0-' }],
    [URL, { Range: 'bytes=7-', Authorization: 'Bearer hf_x' }],
  ]);
});

test('where an answer begins and how long the file is comes from its headers, as far as a page may see them', async () => {
  const range = { 'Content-Range': 'bytes 10-99/100', ETag: '"a"' };
  expect(await become({ headers: range }, 10)).toEqual({ offset: 10, size: 100, etag: '"a"' });
  expect(await become({ headers: { 'Content-Length': '90' } }, 10)).toEqual({ offset: 10, size: 100, etag: undefined });
  expect(await become({ status: 200, headers: { 'Content-Length': '100' } }, 10)).toMatchObject({
    offset: 0,
    size: 100,
  });
  expect(await become({ headers: { 'Content-Range': 'bytes 0-99/*' } }, 0, { ...FILE, size: 100 })).toMatchObject({
    size: 100,
  });
  expect(await become({}, 3, { ...FILE, size: 100 })).toMatchObject({ offset: 3, size: 100 });
  expect(await become({ status: 416, headers: { 'Content-Range': 'bytes */0' } })).toMatchObject({
    offset: 0,
    size: 0,
  });
});

test('a range that was not asked for is a fault that may pass', async () => {
  for (const range of ['bytes 11-99/100', 'bytes 10-100/100', 'bytes 10-/100', 'pages 10-99/100', '']) {
    expect(await become({ headers: { 'Content-Range': range } }, 10), range).toMatchObject({
      name: 'PassingFault',
      message: `hub.example was asked for unet/weights.safetensors from byte 10 on and sent "${range}".`,
    });
  }
});

test('each refusal says what to do, or may pass', async () => {
  const passing = { name: 'PassingFault' };
  const final = (message: RegExp) => ({ name: 'HubError', message: expect.stringMatching(message) });
  const withToken = { ...FILE, token: 'hf_x' };
  expect(await become({ status: 401 })).toMatchObject(
    final(/accept the licence on the model's page, then paste a read token\.$/),
  );
  expect(await become({ status: 403 })).toMatchObject(final(/accept the licence/));
  expect(await become({ status: 401 }, 0, withToken)).toMatchObject(final(/does not know this token/));
  expect(await become({ status: 403 }, 0, withToken)).toMatchObject(
    final(/does not let the account of this token read it/),
  );
  expect(await become({ status: 404 })).toMatchObject(
    final(/has no unet\/weights\.safetensors at https:.* Check the repository/),
  );
  expect(await become({ status: 418 })).toMatchObject(final(/refuses unet\/weights\.safetensors \(418\)/));
  expect(await become({ status: 416 })).toMatchObject(final(/\(416\)/));
  expect(await become({ status: 416 }, 5)).toMatchObject({ ...passing, anew: true });
  expect(await become({ status: 403, redirected: true }, 5)).toMatchObject({ ...passing, anew: false });
  expect(await become({ status: 404, redirected: true })).toMatchObject(final(/Check the repository/));
  for (const status of [408, 425, 429, 500, 502, 503, 504]) expect(await become({ status })).toMatchObject(passing);
});

test('a host that says how long it wants to be left alone is understood', async () => {
  const pause = async (value: string) => {
    const fault = await become({ status: 429, headers: { 'Retry-After': value } });
    return 'pauseMs' in fault ? fault.pauseMs : Number.NaN;
  };
  expect(await pause('7')).toBe(7000);
  expect(await pause('Thu, 01 Jan 2026 00:00:20 GMT')).toBe(20_000);
  expect(await pause('Thu, 01 Jan 2015 00:00:00 GMT')).toBe(0);
  expect(await pause('soon')).toBeUndefined();
});

test('a host that tells no length cannot be fetched from', async () => {
  expect(await become({ status: 200 })).toMatchObject({
    name: 'HubError',
    message: expect.stringMatching(/^hub\.example does not tell how long unet\/weights\.safetensors is\. /),
  });
});

test('addresses are https, or of this machine', () => {
  const source = (url: string) => () => httpSource({ path: 'x', url }, () => Promise.reject(), new SimulatedTime());
  for (const url of [
    'https://hub.example/x',
    'https://hub.example:8443/x',
    'http://127.0.0.1:80/x',
    'http://localhost/x',
  ]) {
    expect(source(url)).not.toThrow();
  }
  const others = [
    'http://hub.example/x',
    'ftp://hub.example',
    'hub.example',
    '',
    'javascript:alert(1)',
    'http://localhost.example/',
  ];
  for (const url of [...others, 'https://someone@hub.example/x', 'https:///x']) {
    expect(source(url), url).toThrow(
      `"${url}" is not an address models are fetched from: it should begin with https://.`,
    );
  }
});
