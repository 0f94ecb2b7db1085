import { z } from 'zod';
import { RANGES } from '../pipelines/settings';
import type { Fields } from './body';

/** A whole number. */
export function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A number. */
export function real(min: number, max: number) {
  const error = `must be a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** Fields of a form or a query, where numbers come as text, with those of these names read as numbers. */
export const withNumbers = (fields: Fields, ...names: string[]): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, names.includes(name) ? numberOf(value) : value]),
  );

/** The number that a text spells; anything else as it is, for a schema to refuse. */
const numberOf = (value: unknown): unknown =>
  typeof value === 'string' && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(value) ? Number(value) : value;

/** A setting of the pipeline, in the pipeline's own range. */
export const setting = (key: keyof typeof RANGES) => {
  const { min, max, whole: isWhole } = RANGES[key];
  return isWhole ? whole(min, max) : real(min, max);
};

export const text = (description: string) => z.string({ error: 'must be text' }).describe(description);
