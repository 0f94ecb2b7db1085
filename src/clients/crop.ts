import type { Size } from '../pipelines/sizes';

/**
 * The largest rectangle of `target`'s aspect in the middle of `source`, in whole pixels of `source`: what CSS calls
 * `object-fit: cover`, so that nothing is ever stretched.
 */
export function coverCrop(source: Size, target: Size): Size & { readonly x: number; readonly y: number } {
  const aspect = target.width / target.height;
  const width = Math.min(source.width, Math.max(1, Math.round(source.height * aspect)));
  const height = Math.min(source.height, Math.max(1, Math.round(source.width / aspect)));
  return { x: Math.floor((source.width - width) / 2), y: Math.floor((source.height - height) / 2), width, height };
}

/** `source` scaled down, never up, until its longer side is at most `longest` pixels. */
export function fitWithin(source: Size, longest: number): Size {
  const scale = Math.min(1, longest / Math.max(source.width, source.height));
  return {
    width: Math.max(1, Math.round(source.width * scale)),
    height: Math.max(1, Math.round(source.height * scale)),
  };
}
