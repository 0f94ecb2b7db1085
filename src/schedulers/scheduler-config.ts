/** A checkpoint's scheduler/scheduler_config.json, parsed and not yet trusted; keys as in the file. */
export type SchedulerConfig = Readonly<Record<string, unknown>>;

/** For each key, what a scheduler assumes where the file is silent, and the one value that is supported. */
export type Requirements = Readonly<Record<string, { readonly assumed: unknown; readonly supported: unknown }>>;

/** @throws Error that names the first key whose value is not the supported one */
export function checkSupported(config: SchedulerConfig, requirements: Requirements): void {
  for (const [key, { assumed, supported }] of Object.entries(requirements)) {
    const found = config[key] ?? assumed;
    if (found === supported) continue;
    throw new Error(
      `This checkpoint's scheduler_config.json asks for ${key} = ${JSON.stringify(found)}; ` +
        `only ${JSON.stringify(supported)} is supported, which is what Stable Video Diffusion uses.`,
    );
  }
}

/**
 * The positive number under a key.
 *
 * @param assumed taken where the file is silent; without it a silent file is refused
 * @throws Error if it is anything else
 */
export function positiveNumber(config: SchedulerConfig, key: string, assumed?: number): number {
  const found = config[key] ?? assumed;
  if (typeof found === 'number' && Number.isFinite(found) && found > 0) return found;
  throw new Error(`${key} in scheduler_config.json must be a positive number, not ${JSON.stringify(found)}.`);
}

/** @throws RangeError unless the number of steps is whole and 1 to `most` */
export function checkStepCount(numInferenceSteps: number, most = Number.POSITIVE_INFINITY): void {
  if (Number.isInteger(numInferenceSteps) && numInferenceSteps >= 1 && numInferenceSteps <= most) return;
  const range = Number.isFinite(most) ? `of 1 to ${most}` : 'of 1 or more';
  throw new RangeError(`This scheduler takes a whole number of steps ${range}, not ${numInferenceSteps}.`);
}
