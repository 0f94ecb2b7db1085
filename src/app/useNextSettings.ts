import { useMemo } from 'react';
import type { Settings } from '../pipelines/settings';
import { useEngine } from '../store/engine';
import { usePicture } from '../store/picture';
import { useSettings } from '../store/settings';
import { type Faults, findFaults, resolve } from '../store/settings-fields';

/** The settings the next clip would have, and what is wrong with them; undefined until the model is open. */
export function useNextSettings(): { settings: Settings; faults: Faults } | undefined {
  const engine = useEngine(({ engine }) => engine);
  const picture = usePicture(({ picture }) => picture);
  const chosen = useSettings(({ chosen }) => chosen);
  return useMemo(() => {
    if (engine.state !== 'ready') return undefined;
    const settings = resolve(chosen, engine.model, picture ?? undefined);
    return { settings, faults: findFaults(settings, engine.model) };
  }, [engine, picture, chosen]);
}
