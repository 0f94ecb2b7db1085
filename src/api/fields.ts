import { z } from 'zod';
import { RANGES } from '../pipelines/settings';

/** A whole number of a JSON body. */
export function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A number of a JSON body. */
export function real(min: number, max: number) {
  const error = `must be a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** The same of a form, where numbers come as text. */
export const ofText = <Schema extends z.ZodType>(schema: Schema) => z.preprocess(readNumber, schema);

const readNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(value) ? Number(value) : value;

/** A setting of the pipeline, in the pipeline's own range. */
export const setting = (key: keyof typeof RANGES) => {
  const { min, max, whole: isWhole } = RANGES[key];
  return isWhole ? whole(min, max) : real(min, max);
};

export const text = (description: string) => z.string({ error: 'must be text' }).describe(description);
