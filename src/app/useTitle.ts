import { useEffect } from 'react';
import { isWorking, useGeneration } from '../store/generation';

/** The tab tells how far the run is, for people who went to another one meanwhile. */
export function useTitle() {
  const title = useGeneration(({ run, fraction }) => {
    if (isWorking(run)) return `${Math.floor(100 * fraction)} % · Stillmotion`;
    if (run.stage === 'done') return 'Clip ready · Stillmotion';
    if (run.stage === 'failed') return 'Stopped · Stillmotion';
    return 'Stillmotion';
  });
  useEffect(() => {
    document.title = title;
  }, [title]);
}
