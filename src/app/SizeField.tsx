import { useId, useState } from 'react';
import type { ModelInfo } from '../../workers/inference/api';
import type { Settings } from '../pipelines/settings';
import { useSettings } from '../store/settings';
import { type Faults, FIELDS } from '../store/settings-fields';
import { NumberField } from './NumberField';

interface SizeFieldProps {
  readonly model: ModelInfo;
  readonly settings: Settings;
  readonly faults: Faults;
}

/** The model's sizes, the one that suits the picture, or any other in numbers. */
export function SizeField({ model, settings, faults }: SizeFieldProps) {
  const id = useId();
  const { chosen, choose } = useSettings();
  const [custom, setCustom] = useState(false);

  const { width, height } = settings;
  const { sizeMultiple } = model;
  const steps = { min: sizeMultiple, step: sizeMultiple, hint: '' };
  const follows = chosen.width === undefined;
  const index = model.sizes.findIndex(([w, h]) => w === width && h === height);
  const isCustom = !follows && (custom || index < 0);
  const select = (value: string) => {
    setCustom(value === 'custom');
    const size = model.sizes[Number(value)];
    if (value === 'custom') choose({ width, height });
    else choose({ width: size?.[0], height: size?.[1] });
  };

  return (
    <div className="field">
      <label htmlFor={id}>Size</label>
      <select
        id={id}
        value={isCustom ? 'custom' : follows ? 'picture' : index}
        aria-describedby={`${id}-hint`}
        onChange={({ currentTarget }) => select(currentTarget.value)}
      >
        <option value="picture">{follows ? `As the picture: ${width} × ${height}` : 'As the picture'}</option>
        {model.sizes.map(([w, h], at) => (
          <option key={`${w}x${h}`} value={at}>
            {w} × {h}
          </option>
        ))}
        <option value="custom">Custom …</option>
      </select>
      <p id={`${id}-hint`} className="hint">
        {isCustom
          ? `Pixels, in multiples of ${sizeMultiple}. The model is best at the sizes above.`
          : 'The picture is cropped to this shape.'}
      </p>
      {isCustom && (
        <div className="pair">
          <NumberField field={{ ...FIELDS.width, ...steps }} value={width} fault={faults.width} />
          <NumberField field={{ ...FIELDS.height, ...steps }} value={height} fault={faults.height} />
        </div>
      )}
    </div>
  );
}
