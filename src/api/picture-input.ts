import type { Size } from '../pipelines/sizes';
import { checkHeader, HEADER_BYTES } from '../processors/picture-header';
import { fromBase64 } from './base64';
import { MAX_BODY_BYTES } from './body';
import type { Animator } from './deps';
import { ApiError, badRequest } from './errors';

/** A picture that a client sent: decoded, and its upright size in pixels. */
export interface PictureInput extends Size {
  readonly picture: Blob;
}

const NAMES: Readonly<Record<string, string>> = { jpg: 'JPEG', png: 'PNG', webp: 'WebP' };

/**
 * Reads a picture's header, refuses what must not be decoded, and has the rest decoded.
 *
 * @param param the field it came in, for errors
 * @param types what the face takes, by image-size's names
 * @param fits refuses a size that the face does not take, by throwing ApiError
 * @throws ApiError
 */
export async function takePicture(
  file: Blob,
  param: string,
  types: readonly string[],
  animator: Animator,
  fits: (size: Size) => void = () => {},
): Promise<PictureInput> {
  const { type, width, height } = await readHeader(file, param);
  if (!types.includes(type)) {
    throw badRequest(param, `must be ${types.map((known) => NAMES[known]).join(' or ')}, not ${type.toUpperCase()}`);
  }
  fits({ width, height });
  try {
    return { picture: await animator.openPicture(file), width, height };
  } catch (error) {
    throw new ApiError('unprocessable', [{ param, message: (error as Error).message }]);
  }
}

/**
 * The file behind a string in JSON: an https address, a data URI, or plain base64.
 *
 * @throws ApiError
 */
export async function fileFromText(text: string, param: string, animator: Animator): Promise<Blob> {
  if (/^https:\/\//i.test(text)) return fetchFile(text, param, animator);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) {
    throw badRequest(param, 'must be an https address, a data URI or base64; other addresses are not fetched');
  }
  const bytes = fromBase64(dataOf(text, param));
  if (!bytes || bytes.length === 0) throw badRequest(param, 'must be an https address, a data URI or base64');
  return new Blob([bytes]);
}

async function fetchFile(url: string, param: string, animator: Animator): Promise<Blob> {
  if (!URL.canParse(url)) throw badRequest(param, 'is not an address');
  try {
    return await animator.fetchPicture(url, MAX_BODY_BYTES);
  } catch (error) {
    throw badRequest(param, `could not be fetched: ${(error as Error).message}`, 'invalid_image_url');
  }
}

/** What follows the comma of a data URI; the string itself if it is none. */
function dataOf(text: string, param: string): string {
  if (!/^data:/i.test(text)) return text;
  const comma = text.indexOf(',');
  if (comma < 0 || !/;base64$/i.test(text.slice(0, comma))) throw badRequest(param, 'must be a base64 data URI');
  return text.slice(comma + 1);
}

async function readHeader(file: Blob, param: string) {
  const head = new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer());
  try {
    return checkHeader(head, param);
  } catch (error) {
    throw badRequest(param, (error as Error).message);
  }
}
