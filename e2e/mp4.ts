/** The names of a file's outermost boxes, in order: each begins with its size (u32) and four letters. */
export function topLevelBoxes(mp4: Uint8Array): string[] {
  const view = new DataView(mp4.buffer, mp4.byteOffset, mp4.byteLength);
  const names: string[] = [];
  for (let at = 0; at < mp4.byteLength; at += view.getUint32(at)) {
    names.push(String.fromCharCode(...mp4.subarray(at + 4, at + 8)));
  }
  return names;
}

/** How well one picture or clip keeps another, in dB; both RGBA, alpha left out. Infinite where they are the same. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length || a.length === 0) throw new Error(`${a.length} bytes are compared with ${b.length}.`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (i % 4 !== 3) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return 10 * Math.log10((255 ** 2 * a.length * 0.75) / sum);
}
