import { ApiError } from './errors';

/**
 * A file, or the part of it that the request's Range names: 200, 206, or 416 where the range lies outside. Several ranges
 * at once, and units other than bytes, are answered by the whole file, as RFC 9110 allows.
 *
 * @param etag of these bytes; a range of another version, told by If-Range, is answered by the whole file
 * @throws ApiError if the range lies outside
 */
export function fileResponse(
  request: Request,
  file: Blob,
  type: string,
  etag: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const common = {
    ...headers,
    'content-type': type,
    'accept-ranges': 'bytes',
    etag: `"${etag}"`,
    // Pages that are cross-origin isolated, as ours, embed nothing of a mirrored host without it.
    'cross-origin-resource-policy': 'cross-origin',
  };
  const wanted = request.headers.get('if-range') ?? common.etag;
  const range = wanted === common.etag ? parseRange(request.headers.get('range'), file.size) : undefined;
  if (!range) return new Response(file, { headers: { ...common, 'content-length': `${file.size}` } });
  const [from, to] = range;
  return new Response(file.slice(from, to + 1), {
    status: 206,
    headers: {
      ...common,
      'content-length': `${to - from + 1}`,
      'content-range': `bytes ${from}-${to}/${file.size}`,
    },
  });
}

/** First and last byte; undefined where the whole file is to be sent. */
function parseRange(header: string | null, size: number): [from: number, to: number] | undefined {
  const [, first = '', last = ''] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  // A range that runs backwards is no range.
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (from > to) {
    throw new ApiError('range', `The range ${header} lies outside the file of ${size} bytes.`, undefined, {
      'content-range': `bytes */${size}`,
    });
  }
  return [from, to];
}
