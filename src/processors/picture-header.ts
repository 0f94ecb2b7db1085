import { imageSize } from 'image-size';

/** A file that cannot become a picture; the message is a sentence for the user and says what to do. */
export class PictureError extends Error {
  override name = 'PictureError';
}

/** Past this a decoded picture costs a phone more memory than it has: 40 million pixels are 160 MB. */
export const MAX_PIXELS = 40_000_000;
/** Enough for any header, behind the longest metadata that cameras write before it. */
export const HEADER_BYTES = 1 << 20;

/** What browsers decode, by image-size's names. HEIC only Safari does, and says so itself by decoding it. */
const READABLE = new Set(['jpg', 'png', 'webp', 'avif', 'gif', 'bmp', 'heic', 'heif', 'jxl']);

/**
 * Reads a picture's type and size from its first bytes and refuses what must not reach the decoder: a small file may
 * unfold to gigabytes, and an SVG is a program. Width and height are the upright picture's, in pixels.
 *
 * @param head the file's first HEADER_BYTES, or all of it
 * @throws PictureError
 */
export function checkHeader(head: Uint8Array, name: string): { type: string; width: number; height: number } {
  if (head.length === 0) throw new PictureError(`“${name}” is empty: it has 0 bytes. Choose another file.`);
  if (isSvg(head)) {
    throw new PictureError(`“${name}” is an SVG drawing. Export it as PNG or JPEG and choose that file.`);
  }
  const header = readHeader(head);
  if (!header) {
    throw new PictureError(
      `“${name}” is not a picture that can be read here. Choose a JPEG, PNG, WebP, AVIF or GIF file.`,
    );
  }
  const { type, width, height } = header;
  if (!(width > 0 && height > 0)) {
    throw new PictureError(`“${name}” is damaged: its header gives it no size. Choose another file.`);
  }
  if (width * height > MAX_PIXELS) {
    const megapixels = Math.round((width * height) / 1e6);
    throw new PictureError(
      `“${name}” has ${megapixels} megapixels (${width} × ${height}); the limit is ${MAX_PIXELS / 1e6}. Scale it down first.`,
    );
  }
  return { type, width, height };
}

function readHeader(head: Uint8Array): { type: string; width: number; height: number } | undefined {
  try {
    const { type, width, height, orientation = 1 } = imageSize(head);
    if (!type || !READABLE.has(type)) return undefined;
    // EXIF's orientations from 5 on lie on their side. A BMP's height is negative if it runs from the top.
    return orientation < 5 ? { type, width, height: Math.abs(height) } : { type, width: height, height: width };
  } catch {
    return undefined;
  }
}

/** Looks for the root element, after any declaration, comment or byte order mark. */
const isSvg = (head: Uint8Array) =>
  /^\s*<(?:[\s\S]*<)?svg[\s>]/i.test(new TextDecoder().decode(head.subarray(0, 2048)));
