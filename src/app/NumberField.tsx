import { useId, useState } from 'react';
import { useSettings } from '../store/settings';
import type { Field } from '../store/settings-fields';

interface NumberFieldProps {
  readonly field: Field;
  /** NaN while the typed text is no number. */
  readonly value: number;
  readonly fault: string | undefined;
  readonly slider?: boolean;
}

/** A number with its label, what it does, and what is wrong with it. */
export function NumberField({ field, value, fault, slider = false }: NumberFieldProps) {
  const id = useId();
  const choose = useSettings(({ choose }) => choose);
  const set = (text: string) => choose({ [field.key]: text.trim() === '' ? Number.NaN : Number(text) });
  return (
    <div className="field">
      <label id={`${id}-label`} htmlFor={id}>
        {field.label}
      </label>
      <NumberInput id={id} field={field} value={value} fault={fault} onText={set} />
      {slider && (
        <input
          type="range"
          aria-labelledby={`${id}-label`}
          min={field.min}
          max={field.max}
          step={field.step}
          value={Number.isFinite(value) ? value : field.min}
          onChange={({ currentTarget }) => set(currentTarget.value)}
        />
      )}
      <p id={`${id}-hint`} className={fault ? 'hint fault' : 'hint'}>
        {fault ?? field.hint}
      </p>
    </div>
  );
}

interface NumberInputProps {
  readonly id: string;
  readonly field: Field;
  readonly value: number | undefined;
  readonly fault: string | undefined;
  readonly placeholder?: string;
  readonly onText: (text: string) => void;
}

/** Keeps what is typed as it is typed ("1.", "007", nothing) for as long as it means the value. */
export function NumberInput({ id, field, value, fault, placeholder, onText }: NumberInputProps) {
  const [text, setText] = useState('');
  const typed = text.trim() === '' ? Number.NaN : Number(text);
  const shown = value === undefined ? '' : Object.is(typed, value) ? text : String(value);
  return (
    <input
      id={id}
      type="number"
      inputMode={field.step === 1 ? 'numeric' : 'decimal'}
      min={field.min}
      max={field.max}
      step={field.step}
      placeholder={placeholder}
      value={shown}
      aria-invalid={fault !== undefined}
      aria-describedby={`${id}-hint`}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        onText(currentTarget.value);
      }}
    />
  );
}
