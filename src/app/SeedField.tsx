import { useId } from 'react';
import { drawSeed, useSettings } from '../store/settings';
import { FIELDS } from '../store/settings-fields';
import { NumberInput } from './NumberField';

/** A seed that is drawn for every clip until one is typed, thrown or kept. */
export function SeedField({ fault }: { fault: string | undefined }) {
  const id = useId();
  const { chosen, choose } = useSettings();
  const fixed = chosen.seed !== undefined;
  return (
    <div className="field">
      <label htmlFor={id}>Seed</label>
      <div className="seed">
        <NumberInput
          id={id}
          field={FIELDS.seed}
          value={chosen.seed}
          fault={fault}
          placeholder="random"
          onText={(text) => choose({ seed: text.trim() === '' ? undefined : Number(text) })}
        />
        <button
          type="button"
          className="dice"
          aria-label="Throw a seed"
          title="Throw a seed"
          onClick={() => choose({ seed: drawSeed() })}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <rect x="3" y="3" width="18" height="18" rx="5" />
            {[8, 16].flatMap((x) => [8, 16].map((y) => <circle key={`${x}-${y}`} cx={x} cy={y} r="1.6" />))}
            <circle cx="12" cy="12" r="1.6" />
          </svg>
        </button>
      </div>
      <p id={`${id}-hint`} className={fault ? 'hint fault' : 'hint'}>
        {fault ?? FIELDS.seed.hint}
      </p>
      <label className="check">
        <input
          type="checkbox"
          checked={!fixed}
          onChange={({ currentTarget }) => choose({ seed: currentTarget.checked ? undefined : drawSeed() })}
        />
        A new one for every clip
      </label>
    </div>
  );
}
