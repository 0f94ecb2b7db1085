import type { Fetch } from '../../src/model-files/http-source';

/**
 * The browser's fetch, as a source wants it.
 *
 * Headers are `Authorization` and `Range` alone: any other would be asked about at the host that a hub redirects to, which
 * answers no such question. The browser takes the token off at that redirect.
 *
 * @param signal ends every request
 */
export const fetchUntil =
  (signal: AbortSignal): Fetch =>
  async (url, headers) => {
    const stop = new AbortController();
    const response = await fetch(url, {
      headers,
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal: AbortSignal.any([signal, stop.signal]),
    });
    const reader = response.body?.getReader();
    // Who reads is told of a broken connection by read(); that `closed` tells it too must not count as unhandled.
    reader?.closed.catch(() => {});
    return {
      status: response.status,
      redirected: new URL(response.url).origin !== new URL(url).origin,
      header: (name) => response.headers.get(name),
      read: async () => (await reader?.read())?.value,
      close: () => stop.abort(),
    };
  };
