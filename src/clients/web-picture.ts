/** How long a picture may take. */
const MILLISECONDS = 30_000;

/**
 * A picture from the web, as a REST client asks for it. Its host must let pages of other origins read it; cookies are not
 * sent, nor where it was asked from.
 *
 * @throws Error if it cannot be had, or holds more than `maxBytes`
 */
export async function fetchPicture(url: string, maxBytes: number): Promise<Blob> {
  const response = await fetch(url, {
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    signal: AbortSignal.timeout(MILLISECONDS),
  }).catch(() => undefined);
  if (!response?.ok) {
    const why = response
      ? `its host answered ${response.status}`
      : 'its host did not answer, or does not let other sites read it';
    throw new Error(`${why}. Send the picture itself, in base64.`);
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes >> 20} MiB.`);
    parts.push(part);
  }
  return new Blob(parts);
}
