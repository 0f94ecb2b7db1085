import { useEffect } from 'react';
import { isWorking, useGeneration } from '../store/generation';
import { PAGES, type PageId } from './page';

/** The tab tells how far the run is, for people who went to another one meanwhile, and else which page this is. */
export function useTitle(page: PageId) {
  const label = page === 'animate' ? '' : `${PAGES.find(({ id }) => id === page)?.label} · `;
  const title = useGeneration(({ run, fraction }) => {
    if (isWorking(run)) return `${Math.floor(100 * fraction)} % · Stillmotion`;
    if (run.stage === 'done') return `Clip ready · ${label}Stillmotion`;
    if (run.stage === 'failed') return `Stopped · ${label}Stillmotion`;
    return `${label}Stillmotion`;
  });
  useEffect(() => {
    document.title = title;
  }, [title]);
}
