/**
 * A decoded picture: 8-bit RGB without alpha, rows from top to bottom, `data[(y * width + x) * 3 + channel]`.
 * Orientation and colour profile have been applied by whoever decoded it.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}
