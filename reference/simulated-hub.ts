import type { Fetch, HttpAnswer } from '../src/model-files/http-source';

/** What may go wrong with one answer. */
export const NETWORK_FAULTS = [
  'no answer',
  'silence',
  'dropped',
  'stalled',
  'ended early',
  'too many bytes',
  'wrong total',
  'wrong start',
  'whole file instead of a range',
  'no length told',
  'link expired',
  'busy',
  'too many requests',
  'broken',
  'new version',
  'new version of the same length',
  'other name for the same version',
  'flipped bit',
  'token refused',
  'licence not accepted',
  'gone',
  'range refused',
] as const;
export type NetworkFault = (typeof NETWORK_FAULTS)[number];

/** A host of files. Each request meets the next of `faults`, and none once they are used up. */
export class SimulatedHub {
  faults: (NetworkFault | undefined)[] = [];
  /** Bytes that left the host. */
  sent = 0;
  requests = 0;
  #version = 1;

  /**
   * @param files by address
   * @param random numbers from 0 to 1
   */
  constructor(
    readonly files: Map<string, Uint8Array>,
    readonly random: () => number,
  ) {}

  readonly fetch: Fetch = async (url, headers) => {
    this.requests++;
    const fault = this.faults.shift();
    if (fault === 'no answer') throw new TypeError('Failed to fetch');
    if (fault === 'silence') return new Promise<never>(() => {});
    if (fault === 'new version') this.#publish(url, 0.5 + this.random());
    if (fault === 'new version of the same length') this.#publish(url, 1);
    if (fault === 'other name for the same version') this.#version++;
    const offset = Number(/^bytes=(\d+)-$/.exec(headers.Range ?? '')?.[1]);
    return this.#refusal(fault) ?? this.#file(this.files.get(url) as Uint8Array, offset, fault);
  };

  /** Sets everything right again; where these files had been changed, that is one more version. */
  restore(files: ReadonlyMap<string, Uint8Array>): void {
    this.faults = [];
    for (const [url, bytes] of files) {
      if (this.files.get(url) !== bytes) this.#version++;
      this.files.set(url, bytes);
    }
  }

  /** Other bytes under the same address. */
  #publish(url: string, longer: number): void {
    this.#version++;
    const length = Math.ceil((this.files.get(url) as Uint8Array).length * longer);
    this.files.set(
      url,
      Uint8Array.from({ length }, () => this.random() * 256),
    );
  }

  #refusal(fault: NetworkFault | undefined): HttpAnswer | undefined {
    switch (fault) {
      case 'link expired':
        return answer(403, {}, undefined, true);
      case 'busy':
        return answer(503, { 'retry-after': 'Thu, 01 Jan 2026 00:00:20 GMT' });
      case 'too many requests':
        return answer(429, { 'retry-after': '7' });
      case 'broken':
        return answer(500);
      case 'token refused':
        return answer(401);
      case 'licence not accepted':
        return answer(403);
      case 'gone':
        return answer(404);
      case 'range refused':
        return answer(416);
      default:
        return undefined;
    }
  }

  #file(bytes: Uint8Array, asked: number, fault: NetworkFault | undefined): HttpAnswer {
    const whole = fault === 'whole file instead of a range';
    const offset = whole ? 0 : asked;
    const etag = `"${this.#version}"`;
    if (!whole && offset >= bytes.length) return answer(416, { etag, 'content-range': `bytes */${bytes.length}` });
    const start = fault === 'wrong start' ? offset + 1 : offset;
    const total = fault === 'wrong total' ? bytes.length + 7 : bytes.length;
    const lengths = {
      'content-length': String(total - offset),
      'content-range': `bytes ${start}-${total - 1}/${total}`,
    };
    const body = this.#body(bytes.slice(offset), fault);
    return answer(whole ? 200 : 206, fault === 'no length told' ? { etag } : { etag, ...lengths }, body, true);
  }

  /** In chunks as they may come from a network; an Error among them is thrown, a promise never comes. */
  *#body(bytes: Uint8Array, fault: NetworkFault | undefined): Generator<Chunk, void> {
    const cut = Math.floor(this.random() * bytes.length);
    if (fault === 'flipped bit') bytes[cut] = (bytes[cut] as number) ^ 64;
    const ends = fault === 'dropped' || fault === 'stalled' || fault === 'ended early';
    const last = ends ? cut : bytes.length;
    for (let begin = 0, end = 0; begin < last; begin = end) {
      end = Math.min(begin + 1 + Math.floor(this.random() * 3000), last);
      this.sent += end - begin;
      yield bytes.subarray(begin, end);
    }
    if (fault === 'dropped') yield new TypeError('network error');
    if (fault === 'stalled') yield 'never';
    if (fault === 'too many bytes') yield new Uint8Array(10);
  }
}

type Chunk = Uint8Array | Error | 'never';

function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body?: Generator<Chunk, void>,
  redirected = false,
): HttpAnswer {
  return {
    status,
    redirected,
    header: (name) => headers[name.toLowerCase()] ?? null,
    async read() {
      const chunk = body?.next().value ?? undefined;
      if (chunk instanceof Error) throw chunk;
      return chunk === 'never' ? new Promise<never>(() => {}) : chunk;
    },
    close() {},
  };
}
