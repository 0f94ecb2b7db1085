import type { ModelInfo } from '../../workers/inference/api';
import { RANGES, type Settings } from '../pipelines/settings';
import { nearestAspect } from '../pipelines/sizes';

/** One setting as the form shows it and as saved or typed numbers are checked. */
export interface Field {
  readonly key: keyof Settings;
  readonly label: string;
  /** One line that says what it does. */
  readonly hint: string;
  readonly min: number;
  readonly max: number;
  /** What an arrow key adds. */
  readonly step: number;
}

/** A field of the form. The range is the setting's own; fractions go in steps of `step`. */
function field<Key extends keyof Settings>(
  key: Key,
  label: string,
  hint: string,
  step = 1,
): Field & { readonly key: Key } {
  const { min, max } = RANGES[key];
  return { key, label, hint, min, max, step };
}

const SIZE_HINT = 'Pixels of the clip. Larger shows more and takes longer.';

export const FIELDS = {
  width: field('width', 'Width', SIZE_HINT),
  height: field('height', 'Height', SIZE_HINT),
  numFrames: field('numFrames', 'Frames', 'How long the clip is. More take longer.'),
  fps: field('fps', 'Frames per second', 'The pace of the clip; the model reads it too.'),
  motionBucketId: field('motionBucketId', 'Motion', 'How much should move: 0 is still.'),
  seed: field('seed', 'Seed', 'Chance as a number: same seed, same clip.'),
  numInferenceSteps: field('numInferenceSteps', 'Steps', 'Passes of denoising. More are finer and take longer.'),
  minGuidanceScale: field(
    'minGuidanceScale',
    'Guidance, first frame',
    'How closely the first frame keeps to your picture.',
    0.1,
  ),
  maxGuidanceScale: field(
    'maxGuidanceScale',
    'Guidance, last frame',
    'The same for the last frame. At 1 or below guidance is off and a step takes half the time.',
    0.1,
  ),
  noiseAugStrength: field(
    'noiseAugStrength',
    'Noise augmentation',
    'Noise laid over your picture first. More lets the clip drift further from it.',
    0.01,
  ),
  decodeChunkSize: field('decodeChunkSize', 'Frames decoded together', 'Fewer need less memory.'),
} as const satisfies { readonly [Key in keyof Settings]: Field & { readonly key: Key } };

/** What the user chose; the rest follows the model, the size follows the picture, and the seed follows chance. */
export type Chosen = Partial<Settings>;

export type Faults = { readonly [Key in keyof Settings]?: string };

/** The choices of a saved state that are still in range. Whatever else it holds is dropped: anyone can write there. */
export function readChosen(saved: unknown): Chosen {
  if (typeof saved !== 'object' || saved === null) return {};
  const entries = Object.entries(saved).filter(
    ([key, value]) => Object.hasOwn(FIELDS, key) && !rangeFault(FIELDS[key as keyof Settings], value),
  );
  const { width, height, ...chosen }: Chosen = Object.fromEntries(entries);
  // A size is two numbers or none.
  return width !== undefined && height !== undefined ? { width, height, ...chosen } : chosen;
}

/** All settings of the next clip. Where no seed is chosen it is the model's, until the run draws one. */
export function resolve(chosen: Chosen, model: ModelInfo, picture?: { width: number; height: number }): Settings {
  const [width, height] = nearestSize(model, picture);
  return { ...model.defaults, width, height, ...chosen };
}

/** The model's size whose aspect is nearest to the picture's, so that the least is cropped. */
export function nearestSize(
  model: ModelInfo,
  picture?: { width: number; height: number },
): readonly [width: number, height: number] {
  const preferred: readonly [number, number] = model.sizes[0] ?? [model.defaults.width, model.defaults.height];
  return picture ? (nearestAspect(model.sizes, picture) ?? preferred) : preferred;
}

/** What stands beside a field that the model would refuse; empty when a clip can be made. */
export function findFaults(settings: Settings, model: ModelInfo): Faults {
  const faults: { -readonly [Key in keyof Settings]?: string } = {};
  for (const field of Object.values(FIELDS)) {
    const fault = rangeFault(field, settings[field.key]) ?? sizeFault(field, settings[field.key], model.sizeMultiple);
    if (fault) faults[field.key] = fault;
  }
  const { minGuidanceScale: first, maxGuidanceScale: last } = settings;
  if (!faults.minGuidanceScale && first > 1 && last <= 1) {
    faults.minGuidanceScale = `The last frame's guidance of ${last} turns guidance off: lower this to 1, or raise that above 1.`;
  }
  return faults;
}

/**
 * Of what the user chose, what a model cannot do, to be handed back to it: a size that is no multiple of its own.
 * The rest stays chosen.
 *
 * @returns `text` says what was handed back; undefined if nothing was
 */
export function dropImpossible(
  { width, height }: Chosen,
  { name, sizeMultiple }: ModelInfo,
): { readonly impossible: { readonly width?: undefined; readonly height?: undefined }; readonly text?: string } {
  if (width === undefined || height === undefined) return { impossible: {} };
  if (width % sizeMultiple === 0 && height % sizeMultiple === 0) return { impossible: {} };
  return {
    impossible: { width: undefined, height: undefined },
    text: `${name} makes sizes in multiples of ${sizeMultiple}, so your ${width} × ${height} was let go: the size follows the picture again.`,
  };
}

function rangeFault(field: Field, value: unknown): string | undefined {
  const { whole } = RANGES[field.key];
  const fits =
    typeof value === 'number' && value >= field.min && value <= field.max && (!whole || Number.isInteger(value));
  return fits ? undefined : `Give a ${whole ? 'whole ' : ''}number from ${field.min} to ${field.max}.`;
}

function sizeFault(field: Field, value: number, multiple: number): string | undefined {
  if ((field.key !== 'width' && field.key !== 'height') || value % multiple === 0) return undefined;
  const below = Math.floor(value / multiple) * multiple;
  return `Give a multiple of ${multiple}, such as ${below > 0 ? `${below} or ` : ''}${below + multiple}.`;
}
