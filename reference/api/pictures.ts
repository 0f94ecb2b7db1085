/** Pictures that are all header: what reads headers believes them, and nothing in the API reads further. */

/** A PNG that says it has this many pixels. */
export function png(width: number, height: number): Blob {
  const header = new Uint8Array(33);
  header.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);
  header.set(new TextEncoder().encode('IHDR'), 12);
  new DataView(header.buffer).setUint32(16, width);
  new DataView(header.buffer).setUint32(20, height);
  header.set([8, 2], 24);
  return new Blob([header], { type: 'image/png' });
}

/** A JPEG that says it has this many pixels, 65535 a side at most. */
export function jpeg(width: number, height: number): Blob {
  const frame = [
    0xff,
    0xc0,
    0,
    17,
    8,
    height >> 8,
    height & 255,
    width >> 8,
    width & 255,
    3,
    1,
    17,
    0,
    2,
    17,
    1,
    3,
    17,
    1,
  ];
  const jfif = [0xff, 0xe0, 0, 16, 74, 70, 73, 70, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
  return new Blob([new Uint8Array([0xff, 0xd8, ...jfif, ...frame, 0xff, 0xd9])], { type: 'image/jpeg' });
}

/** A GIF, which only browsers take. */
export const gif = (width: number, height: number) =>
  new Blob([new Uint8Array([71, 73, 70, 56, 57, 97, width & 255, width >> 8, height & 255, height >> 8, 0, 0, 0])]);

export const svg = () => new Blob(['<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="576"/>']);

export const base64Of = async (file: Blob) => Buffer.from(await file.arrayBuffer()).toString('base64');
