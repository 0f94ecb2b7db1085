/** Pixels of a picture or a clip. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The size whose aspect is nearest to `wanted`'s, so that the least is cropped; of several the first. Undefined if there
 * are none.
 */
export function nearestAspect(
  sizes: readonly (readonly [width: number, height: number])[],
  wanted: Size,
): readonly [width: number, height: number] | undefined {
  const distance = ([width, height]: readonly [number, number]) =>
    Math.abs(Math.log((width / height) * (wanted.height / wanted.width)));
  const [first, ...others] = sizes;
  // Aspects that differ by a rounding error are one.
  return first && others.reduce((best, size) => (distance(size) < distance(best) - 1e-9 ? size : best), first);
}
