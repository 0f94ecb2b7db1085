import { expect, test } from 'vitest';
import { resize } from './lanczos';

/*
 * Expected bytes from Pillow 12.3:
 *   a = np.array([(i * i * 37) % 256 for i in range(36)], dtype=np.uint8).reshape(3, 4, 3)
 *   list(np.asarray(Image.fromarray(a).resize((6, 2), Image.LANCZOS)).ravel())
 * and of a picture of only 0 and 255, whose overshoot shows the clamping:
 *   b = np.where(np.arange(36).reshape(3, 4, 3) % 5 < 2, 255, 0).astype(np.uint8)
 */
const grey = { width: 4, height: 3, data: Uint8Array.from({ length: 36 }, (_, i) => (i * i * 37) % 256) };
const harsh = { width: 4, height: 3, data: Uint8Array.from({ length: 36 }, (_, i) => (i % 5 < 2 ? 255 : 0)) };

test('enlarging one axis and shrinking the other gives the bytes of Pillow', () => {
  expect([...resize(grey, 6, 2).data]).toEqual([
    87, 64, 113, 89, 62, 149, 101, 40, 175, 112, 2, 137, 161, 101, 123, 196, 189, 131, 129, 107, 138, 123, 62, 159, 106,
    65, 157, 95, 156, 97, 116, 147, 59, 136, 98, 47,
  ]);
});

test('an axis whose size stays is left alone, as Pillow does', () => {
  expect([...resize(grey, 2, 3).data]).toEqual([
    31, 49, 142, 119, 72, 100, 175, 40, 152, 190, 127, 173, 69, 107, 148, 65, 121, 13,
  ]);
  expect([...resize(grey, 4, 5).data]).toEqual([
    0, 28, 158, 70, 91, 151, 28, 24, 42, 177, 95, 122, 83, 63, 117, 100, 46, 176, 124, 10, 133, 193, 181, 133, 208, 109,
    84, 133, 0, 197, 212, 45, 208, 189, 244, 117, 133, 100, 142, 112, 46, 164, 100, 171, 83, 131, 107, 46, 42, 80, 192,
    87, 91, 134, 0, 248, 0, 91, 0, 2,
  ]);
  expect(resize(grey, 4, 3).data).toEqual(grey.data);
});

test('what overshoots black or white is clamped between the passes', () => {
  expect([...resize(harsh, 7, 2).data]).toEqual([
    166, 148, 0, 144, 148, 51, 107, 117, 163, 125, 59, 152, 148, 0, 105, 123, 113, 129, 107, 170, 148, 0, 148, 170, 30,
    129, 113, 105, 105, 0, 152, 152, 59, 146, 163, 117, 121, 51, 148, 107, 0, 148,
  ]);
});

test('a single pixel fills any size', () => {
  expect([...resize({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }, 2, 2).data]).toEqual([
    1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3,
  ]);
});

test('pictures and sizes that make no sense are refused', () => {
  expect(() => resize({ ...grey, width: 5 }, 2, 2)).toThrow('has 45 bytes of 8-bit RGB, not 36');
  expect(() => resize({ width: 0, height: 3, data: new Uint8Array(0) }, 2, 2)).toThrow('not 0x3');
  expect(() => resize(grey, 2.5, 2)).toThrow('not 2.5x2');
});
