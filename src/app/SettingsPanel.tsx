import './SettingsPanel.css';
import { useState } from 'react';
import type { BackendInfo, ModelInfo } from '../../workers/inference/api';
import { useEngine } from '../store/engine';
import { isWorking, useGeneration } from '../store/generation';
import { useSettings } from '../store/settings';
import { FIELDS } from '../store/settings-fields';
import { NumberField } from './NumberField';
import { SeedField } from './SeedField';
import { SizeField } from './SizeField';
import { useNextSettings } from './useNextSettings';

const ADVANCED = [
  FIELDS.numInferenceSteps,
  FIELDS.minGuidanceScale,
  FIELDS.maxGuidanceScale,
  FIELDS.noiseAugStrength,
  FIELDS.decodeChunkSize,
];

/** The settings of the next clip, and what will make it. */
export function SettingsPanel() {
  const engine = useEngine(({ engine }) => engine);
  const next = useNextSettings();
  const working = useGeneration(({ run }) => isWorking(run));
  const { chosen, reset } = useSettings();
  const [open, setOpen] = useState(false);
  if (engine.state !== 'ready' || !next) {
    return (
      <aside className="settings" aria-label="Settings" aria-busy={engine.state === 'opening'}>
        <h2>Settings</h2>
        <p className="hint">
          {engine.state === 'opening' ? 'Opening the model …' : 'They appear once the model is open.'}
        </p>
      </aside>
    );
  }

  const { settings, faults } = next;
  const hiddenFault = ADVANCED.some(({ key }) => faults[key]);
  return (
    <aside className="settings" aria-label="Settings">
      <h2>
        Settings
        {Object.keys(chosen).length > 0 && (
          <button type="button" className="link" disabled={working} onClick={reset}>
            Back to the model’s own
          </button>
        )}
      </h2>
      {/* A run has its settings already; changes would belong to the next one and mislead about this one. */}
      <fieldset disabled={working}>
        <SizeField model={engine.model} settings={settings} faults={faults} />
        {[FIELDS.numFrames, FIELDS.fps, FIELDS.motionBucketId].map((field) => (
          <NumberField key={field.key} field={field} value={settings[field.key]} fault={faults[field.key]} slider />
        ))}
        <SeedField fault={faults.seed} />
        {/* A fault opens it, and mending the fault does not shut it under the user's hand. */}
        <details open={open || hiddenFault} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
          <summary>Advanced</summary>
          {ADVANCED.map((field) => (
            <NumberField key={field.key} field={field} value={settings[field.key]} fault={faults[field.key]} />
          ))}
        </details>
      </fieldset>
      <Machine backend={engine.backend} model={engine.model} />
    </aside>
  );
}

/** Which model runs where, and why there. */
function Machine({ backend, model }: { backend: BackendInfo; model: ModelInfo }) {
  return (
    <section className="machine" aria-label="Where it runs">
      <p>
        <strong>{model.name}</strong> on {backend.backend === 'webgpu' ? 'WebGPU' : 'wasm'} ({backend.device},{' '}
        {backend.dtype})
      </p>
      <p className="hint">{backend.reason}</p>
      <p>
        <a href="#models">Change the model</a>
      </p>
    </section>
  );
}
