import './DownloadForm.css';
import { type FormEvent, useId, useState } from 'react';
import type { KnownModel } from '../checkpoints/known-models';
import { baseFault, HUGGING_FACE, useHub } from '../store/hub';
import { useModels } from '../store/models';

/** From whom, under which licence, and with whose account a model is downloaded. */
export function DownloadForm({ model, resumes }: { model: KnownModel; resumes: boolean }) {
  const { id, title, licence, hub } = model;
  const { base } = useHub();
  const download = useModels(({ download }) => download);
  const fault = baseFault(base);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!fault) void download(id);
  };
  return (
    <form className="download" aria-label={`Download ${title}`} onSubmit={onSubmit}>
      <p>
        {title} is licensed under the{' '}
        <a href={licence.url} target="_blank" rel="noreferrer">
          {licence.name}
        </a>
        . Sign in at{' '}
        <a href={hub.page} target="_blank" rel="noreferrer">
          its page on Hugging Face
        </a>
        , accept the licence there, make a read token in your account’s settings, and give it here.
      </p>
      <TokenField />
      <BaseField fault={fault} />
      <div className="card-actions">
        <button type="submit" className="button button-primary" disabled={fault !== undefined}>
          {resumes ? 'Resume' : 'Start the download'}
        </button>
        <p className="hint">
          {base === HUGGING_FACE ? 'huggingface.co' : base} learns your network address, whose token it is, and what you
          fetch.
        </p>
      </div>
    </form>
  );
}

function TokenField() {
  const field = useId();
  const { token, remember, setToken, setRemember } = useHub();
  return (
    <div className="download-field">
      <label htmlFor={field}>Access token</label>
      <input
        id={field}
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder="hf_…"
        value={token}
        aria-describedby={`${field}-hint`}
        onChange={({ currentTarget }) => setToken(currentTarget.value)}
      />
      <p id={`${field}-hint`} className="hint">
        Sent to that host alone. It is forgotten when this tab closes, unless you let it be remembered.
      </p>
      <label className="check">
        <input
          type="checkbox"
          checked={remember}
          onChange={({ currentTarget }) => setRemember(currentTarget.checked)}
        />
        Remember it in this browser
      </label>
    </div>
  );
}

function BaseField({ fault }: { fault: string | undefined }) {
  const field = useId();
  const { base, setBase } = useHub();
  const [open, setOpen] = useState(base !== HUGGING_FACE);
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>From another host</summary>
      <div className="download-field">
        <label htmlFor={field}>Address</label>
        <input
          id={field}
          type="url"
          spellCheck={false}
          value={base}
          aria-invalid={fault !== undefined}
          aria-describedby={`${field}-hint`}
          onChange={({ currentTarget }) => setBase(currentTarget.value.trim())}
        />
        <p id={`${field}-hint`} className={fault ? 'hint fault' : 'hint'}>
          {fault ?? 'A mirror with the same paths as Hugging Face. It must let this page read its answers (CORS).'}
        </p>
        {base !== HUGGING_FACE && (
          <button type="button" className="link" onClick={() => setBase(HUGGING_FACE)}>
            Back to Hugging Face
          </button>
        )}
      </div>
    </details>
  );
}
