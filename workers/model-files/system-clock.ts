import type { Clock } from '../../src/model-files/clock';

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, ring) {
    const timer = setTimeout(ring, ms);
    return () => clearTimeout(timer);
  },
};
