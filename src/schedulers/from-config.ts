import { AnimateLCMSVDStochasticIterativeScheduler } from './animatelcm';
import { EulerDiscreteScheduler } from './euler-discrete';
import type { Scheduler } from './scheduler';
import type { SchedulerConfig } from './scheduler-config';

const SCHEDULERS: Readonly<Record<string, new (config: SchedulerConfig, numInferenceSteps: number) => Scheduler>> = {
  AnimateLCMSVDStochasticIterativeScheduler,
  EulerDiscreteScheduler,
};

/**
 * The scheduler that a checkpoint's scheduler_config.json names in `_class_name`, set to a number of steps.
 *
 * @throws Error if that class, or what the config asks of it, is not supported
 * @throws RangeError if it cannot take that number of steps
 */
export function schedulerFromConfig(config: SchedulerConfig, numInferenceSteps: number): Scheduler {
  const name = config._class_name;
  if (typeof name !== 'string' || !Object.hasOwn(SCHEDULERS, name)) {
    const known = Object.keys(SCHEDULERS).join(' and ');
    throw new Error(`scheduler_config.json has _class_name ${JSON.stringify(name)}; supported are ${known}.`);
  }
  const SchedulerClass = SCHEDULERS[name] as (typeof SCHEDULERS)[string];
  return new SchedulerClass(config, numInferenceSteps);
}
