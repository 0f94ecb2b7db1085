import type { Settings } from '../pipelines/settings';
import { nearestAspect, type Size } from '../pipelines/sizes';
import type { ActiveModel } from './deps';

/** What a client asked of a clip, in the pipeline's words; what it left out is the model's own default. */
export type Asked = {
  readonly [Key in keyof Omit<Settings, 'decodeChunkSize' | 'minGuidanceScale' | 'maxGuidanceScale'>]?:
    | Settings[Key]
    | undefined;
} & {
  readonly seed: number;
  /** Guidance of the last frame; the first frame's follows. */
  readonly guidance?: number | undefined;
};

/**
 * The size a model makes for a wanted one: that very size if it is among the model's, else the one whose aspect is
 * nearest, so that the least is cropped.
 */
export function mapSize(wanted: Size, { sizes, defaults }: ActiveModel): Size {
  const exact = sizes.find(([width, height]) => width === wanted.width && height === wanted.height);
  const [width, height] = exact ?? nearestAspect(sizes, wanted) ?? [defaults.width, defaults.height];
  return { width, height };
}

/** What to tell a client whose size was mapped; undefined if it was not. */
export function sizeWarning(wanted: Size, given: Size, { title, sizes }: ActiveModel): string | undefined {
  if (wanted.width === given.width && wanted.height === given.height) return undefined;
  const made = sizes.map(([width, height]) => `${width}x${height}`).join(', ');
  return `${sizeText(wanted)} was mapped to ${sizeText(given)}: ${title} makes ${made}.`;
}

export const sizeText = ({ width, height }: Size): string => `${width}x${height}`;

/** All settings of a clip: what was asked, the rest from the model. */
export function clipSettings({ guidance, ...asked }: Asked, { defaults }: ActiveModel): Settings {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  return { ...defaults, ...given, ...(guidance === undefined ? {} : guidanceRange(guidance)) };
}

/**
 * The per-frame guidance for one number: the last frame's is the number itself, the first frame's 1, or the number where
 * it is smaller. SVD's guidance rises from 1 in the same way (1 to 3 in diffusers); at 1 or below it is off, and a step
 * takes half the time.
 */
export const guidanceRange = (scale: number) => ({
  minGuidanceScale: Math.min(1, scale),
  maxGuidanceScale: scale,
});

/** Whether a model was made to run without guidance, as few-step models are: guiding it only spoils its clips. */
export const isUnguided = ({ defaults }: ActiveModel): boolean => defaults.maxGuidanceScale <= 1;
