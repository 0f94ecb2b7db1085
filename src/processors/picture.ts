/**
 * A decoded picture: 8-bit RGB without alpha, rows from top to bottom, `data[(y * width + x) * 3 + channel]`.
 * Orientation and colour profile have been applied by whoever decoded it.
 */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** @throws RangeError if the sizes are not whole and positive, or `data` does not hold exactly those pixels */
export function checkPicture({ width, height, data }: Picture): void {
  checkSize(width, height);
  if (data.length !== 3 * width * height) {
    throw new RangeError(
      `A picture of ${width}x${height} pixels has ${3 * width * height} bytes of 8-bit RGB, not ${data.length}.`,
    );
  }
}

/** @throws RangeError unless both are whole and positive */
export function checkSize(width: number, height: number): void {
  if (Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0) return;
  throw new RangeError(`A picture's width and height are whole numbers of pixels, 1 or more, not ${width}x${height}.`);
}
