import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkHeader, PictureError } from './picture-header';

const text = (content: string) => new TextEncoder().encode(content);
const sample = new Uint8Array(readFileSync(new URL('../../public/samples/lake.png', import.meta.url)));

/** The first 33 bytes of a PNG that says it is this large; a decoder would believe it. */
function pngHeader(width: number, height: number): Uint8Array {
  const header = sample.slice(0, 33);
  const view = new DataView(header.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return header;
}

test('a picture gives its type and size', () => {
  expect(checkHeader(sample, 'lake.png')).toEqual({ type: 'png', width: 768, height: 432 });
});

test('a photo that lies on its side gives its upright size', () => {
  // SOI, then APP1: EXIF with one entry, orientation 6; then SOF0 of 400x300.
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
  const exif = [0xff, 0xe1, 0, tiff.length + 8, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  const frame = [0xff, 0xc0, 0, 17, 8, 1, 44, 1, 144, 3, 1, 17, 0, 2, 17, 1, 3, 17, 1];
  const jpeg = new Uint8Array([0xff, 0xd8, ...exif, ...frame, 0xff, 0xd9]);
  expect(checkHeader(jpeg, 'photo.jpg')).toEqual({ type: 'jpg', width: 300, height: 400 });
});

test('an empty file is refused and named', () => {
  expect(() => checkHeader(new Uint8Array(), 'nothing.png')).toThrow('“nothing.png” is empty: it has 0 bytes');
});

test.each([
  '<svg xmlns="http://www.w3.org/2000/svg"/>',
  '\uFEFF<?xml version="1.0"?>\n<!-- a comment -->\n<!DOCTYPE svg>\n<svg width="9">',
])('an SVG is refused: %s', (content) => {
  expect(() => checkHeader(text(content), 'drawing.png')).toThrow('SVG');
});

test.each(['Dear diary, today I saw svg and <b>html</b>.', '%PDF-1.7 ', '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'])(
  'what is no picture is refused: %j',
  (content) => {
    expect(() => checkHeader(text(content), 'notes.txt')).toThrow('is not a picture');
  },
);

test('40 megapixels pass, more are refused before anything is decoded', () => {
  expect(checkHeader(pngHeader(8000, 5000), 'large.png')).toMatchObject({ width: 8000 });
  expect(() => checkHeader(pngHeader(16000, 16000), 'bomb.png')).toThrow('256 megapixels (16000 × 16000)');
});

test('a header without a size is refused', () => {
  expect(() => checkHeader(pngHeader(0, 10), 'flat.png')).toThrow(PictureError);
});

test('a header cut short is refused, at any length', () => {
  for (let length = 1; length < 24; length++) {
    expect(() => checkHeader(sample.slice(0, length), 'cut.png')).toThrow(PictureError);
  }
});
