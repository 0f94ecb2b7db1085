import { z } from 'zod';
import { crc32 } from './crc32';

/** How far a file on its way has come. Everything before `offset` is on disk, and `hashState` has seen exactly that. */
export interface Journal {
  /** Which source the bytes came from: an address, or a local file with its size and time. */
  readonly from: string;
  /** The host's name for this version of the file, where it gives one. */
  readonly etag?: string | undefined;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly offset: number;
  /** Of SHA-256, as the hasher saves it. */
  readonly hashState: Uint8Array;
}

const bytes = z.int().min(0);

const journal = z
  .strictObject({
    version: z.literal(1),
    from: z.string().min(1),
    etag: z.string().optional(),
    size: bytes,
    offset: bytes,
    hashState: z.string().regex(/^([0-9a-f]{2}){1,512}$/),
  })
  .refine(({ offset, size }) => offset <= size);

/** As one line of text: a checksum, and JSON. */
export function journalText({ hashState, ...rest }: Journal): string {
  const json = JSON.stringify({ version: 1, ...rest, hashState: toHex(hashState) });
  return `${checksum(json)} ${json}`;
}

/**
 * Reads what `journalText` wrote. A wrong offset that looks right would make a wrong file, so a text that is not to the
 * letter what was written counts as none.
 *
 * @returns undefined if there is no journal that can be relied upon: the file is begun anew
 */
export function parseJournal(text: unknown): Journal | undefined {
  if (typeof text !== 'string' || text[8] !== ' ') return undefined;
  const json = text.slice(9);
  if (text.slice(0, 8) !== checksum(json)) return undefined;
  const { success, data } = journal.safeParse(parseJson(json));
  if (!success) return undefined;
  const { version: _, hashState, ...rest } = data;
  return { ...rest, hashState: fromHex(hashState) };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const checksum = (json: string) => crc32(json).toString(16).padStart(8, '0');

const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const fromHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
