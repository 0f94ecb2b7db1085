import type { Clock } from './clock';
import { HubError } from './errors';
import { type Arrival, PassingFault, type Source } from './source';

/** What a host answered, its body still to be read. */
export interface HttpAnswer {
  readonly status: number;
  /** Whether the answer came from another address than the one asked. */
  readonly redirected: boolean;
  /** A header, as far as the host lets a page see it. */
  header(name: string): string | null;
  /** The next bytes of the body; undefined after the last. Rejects if the connection breaks. */
  read(): Promise<Uint8Array | undefined>;
  close(): void;
}

/** Sends a GET; rejects if no answer comes. */
export type Fetch = (url: string, headers: Readonly<Record<string, string>>) => Promise<HttpAnswer>;

export interface HttpFile {
  /** For messages. */
  readonly path: string;
  readonly url: string;
  /** Bytes, where they are known beforehand. */
  readonly size?: number;
  readonly token?: string;
}

/**
 * A file on a hub. Every try asks the file's own address, so a signed link that has expired is replaced by a fresh one.
 *
 * A range is asked for even from the first byte on: browsers then ask for no compression, and lengths are the file's.
 *
 * @throws HubError at `open` for what no retry would mend
 */
export function httpSource(file: HttpFile, fetch: Fetch, clock: Clock): Source {
  const { path, url, token } = file;
  checkAddress(url);
  return {
    from: url,
    doing: 'downloading',
    async open(offset) {
      const range = { Range: `bytes=${offset}-` };
      const headers = token ? { ...range, Authorization: `Bearer ${token}` } : range;
      const answer = await fetch(url, headers).catch(() => {
        throw new PassingFault(`${hostOf(url)} cannot be reached.`);
      });
      try {
        return arrivalOf(file, answer, offset, clock);
      } catch (error) {
        answer.close();
        throw error;
      }
    },
  };

  function arrivalOf(file: HttpFile, answer: HttpAnswer, offset: number, clock: Clock): Arrival {
    if (isEmpty(answer)) return { offset: 0, size: 0, read: async () => undefined, close: () => answer.close() };
    if (answer.status !== 200 && answer.status !== 206) throw refusal(file, answer, offset, clock);
    const etag = answer.header('ETag') ?? undefined;
    const read = () =>
      answer.read().catch(() => {
        throw new PassingFault(`The connection to ${hostOf(url)} was lost while ${path} was fetched.`);
      });
    return { ...extentOf(file, answer, offset), etag, read, close: () => answer.close() };
  }
}

/** Of an empty file there is no range, not even from byte 0 on. */
const isEmpty = (answer: HttpAnswer) => answer.status === 416 && answer.header('Content-Range')?.trim() === 'bytes */0';

/** From where to where an answer goes. A page may not see Content-Range everywhere; Content-Length it always may. */
function extentOf(file: HttpFile, answer: HttpAnswer, asked: number): { offset: number; size: number } {
  const length = wholeNumber(answer.header('Content-Length'));
  if (answer.status === 200) return { offset: 0, size: length ?? knownSize(file) };
  const range = answer.header('Content-Range');
  if (range === null) return { offset: asked, size: length === undefined ? knownSize(file) : asked + length };
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range.trim()) ?? [];
  const size = total === '*' ? knownSize(file) : Number(total);
  if (Number(first) === asked && Number(last) < size) return { offset: asked, size };
  throw new PassingFault(`${hostOf(file.url)} was asked for ${file.path} from byte ${asked} on and sent "${range}".`);
}

function knownSize({ size, path, url }: HttpFile): number {
  if (size !== undefined) return size;
  throw new HubError(
    `${hostOf(url)} does not tell how long ${path} is. Fetch it by other means, then add it as a file.`,
  );
}

/** The error that an answer other than 200 and 206 amounts to. */
function refusal(file: HttpFile, answer: HttpAnswer, offset: number, clock: Clock): Error {
  const { path, url } = file;
  const { status } = answer;
  const host = hostOf(url);
  // Behind a redirect no token is looked at: there a refusal means that the signed link has expired.
  if (answer.redirected && [400, 401, 403, 410].includes(status)) {
    return new PassingFault(`The link that ${host} gave for ${path} is refused (${status}).`);
  }
  if (status === 401 || status === 403) return deniedError(host, path, file.token !== undefined, status);
  if (status === 404 || status === 410) {
    return new HubError(`${host} has no ${path} at ${url}. Check the repository and the revision.`);
  }
  if (status === 416 && offset > 0) {
    return new PassingFault(`${path} on ${host} is shorter than what has arrived of it.`, undefined, true);
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new PassingFault(`${host} is busy or out of order (${status}).`, retryAfter(answer, clock));
  }
  return new HubError(`${host} refuses ${path} (${status}). Try again later, or add the file from your disk.`);
}

/** Why a host gives nothing, and what to do; for lists of files as for files. */
export function deniedError(host: string, what: string, hasToken: boolean, status: number): HubError {
  if (!hasToken) {
    return new HubError(
      `${host} does not give ${what} to everyone (${status}): accept the licence on the model's page, then paste a read token.`,
    );
  }
  const why = status === 401 ? 'does not know this token' : 'does not let the account of this token read it';
  return new HubError(
    `${host} has ${what} and ${why} (${status}): accept the licence on the model's page with that account, then paste a read token of it.`,
  );
}

/** In seconds or as a date; in milliseconds from now. */
function retryAfter(answer: HttpAnswer, clock: Clock): number | undefined {
  const value = answer.header('Retry-After');
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - clock.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** "huggingface.co". */
export const hostOf = (url: string): string => /^https?:\/\/([^/?#]+)/.exec(url)?.[1] ?? url;

/** @throws HubError for an address the page's own policy would refuse in silence */
export function checkAddress(url: string): void {
  if (/^(https:\/\/[^/?#@\s]+|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?)(\/|$)/.test(url)) return;
  throw new HubError(`"${url}" is not an address models are fetched from: it should begin with https://.`);
}

const wholeNumber = (text: string | null | undefined) => (text && /^\d+$/.test(text) ? Number(text) : undefined);
