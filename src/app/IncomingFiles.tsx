import './IncomingFiles.css';
import { useEffect, useId, useRef, useState } from 'react';
import { KNOWN_MODELS, type KnownModelId } from '../checkpoints/known-models';
import { type Incoming, useIncoming } from '../store/incoming';
import { IDLE, useModels } from '../store/models';
import { findStored, sayComponents, standingOf } from '../store/shelf';
import { sayBytes } from '../store/transfer';

/** What was dropped or picked: what it is, what is wrong with it, and where it should go. */
export function IncomingFiles() {
  const { incoming, putAway } = useIncoming();
  const region = useRef<HTMLElement>(null);
  const here = incoming.state !== 'none';
  useEffect(() => {
    if (here) region.current?.focus();
  }, [here]);
  if (!here) return null;
  return (
    <section ref={region} tabIndex={-1} className="incoming" aria-label="Your files">
      {incoming.state === 'looking' && <p role="status">Looking at your files …</p>}
      {incoming.state === 'failed' && (
        <p role="alert" className="fault">
          {incoming.message}
        </p>
      )}
      {incoming.state === 'seen' && <Seen seen={incoming} />}
      {incoming.state !== 'seen' && (
        <div className="card-actions">
          <button type="button" className="button" onClick={putAway}>
            Put them away
          </button>
        </div>
      )}
    </section>
  );
}

type SeenFiles = Incoming & { state: 'seen' };

function Seen({ seen }: { seen: SeenFiles }) {
  const { faults, notes, files, missing } = seen.arrangement;
  return (
    <>
      <h3>{files.length > 0 ? sayContents(seen) : 'No weights of Stable Video Diffusion'}</h3>
      {faults.length > 0 && <Sentences role="alert" className="fault" sentences={faults} />}
      {faults.length === 0 && files.length > 0 && missing.length > 0 && (
        <p>They do not hold {sayComponents(missing)}; that can be added later.</p>
      )}
      {notes.length > 0 && <Sentences className="hint" sentences={notes} />}
      {files.length > 0 ? <Destination seen={seen} /> : <PutAway />}
    </>
  );
}

function Sentences({ sentences, ...rest }: { sentences: readonly string[]; className: string; role?: string }) {
  return (
    <ul {...rest}>
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

/** As PyTorch names them. */
const DTYPES: Readonly<Record<string, string>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F8_E4M3: 'float8_e4m3fn',
};

function sayContents({ arrangement: { kind, files, dtypes, bytes } }: SeenFiles): string {
  const folder = files.length === 1 ? 'A weight file' : `${files.length} weight files`;
  const stored = [...new Set(Object.values(dtypes))].map((dtype) => DTYPES[dtype] ?? dtype).join(' and ');
  return `${kind === 'single-file' ? 'A checkpoint in one file' : folder}, ${sayBytes(bytes)}, ${stored}`;
}

/** For which model, and whether the bytes are copied. */
function Destination({ seen }: { seen: SeenFiles }) {
  const field = useId();
  const { takeFor, add } = useIncoming();
  const [way, setWay] = useState<'copy' | 'in place'>(seen.canStay ? 'in place' : 'copy');
  const busy = useObstacle(seen.model);
  const ready = seen.model !== null && busy === undefined && seen.arrangement.faults.length === 0;
  return (
    <form
      className="incoming-form"
      onSubmit={(event) => {
        event.preventDefault();
        add(seen.canStay ? way : 'copy');
      }}
    >
      <div className="download-field">
        <label htmlFor={field}>These are the files of</label>
        <select
          id={field}
          value={seen.model ?? ''}
          aria-describedby={`${field}-hint`}
          onChange={({ currentTarget }) => void takeFor(currentTarget.value as KnownModelId)}
        >
          {seen.model === null && <option value="">Choose a model …</option>}
          {KNOWN_MODELS.map(({ id, title, numFrames }) => (
            <option key={id} value={id}>
              {title} ({numFrames} frames)
            </option>
          ))}
        </select>
        <p id={`${field}-hint`} className={busy ? 'hint fault' : 'hint'}>
          {busy ?? 'The weights of these models have the same shapes, so only you can tell them apart.'}
        </p>
      </div>
      {seen.canStay && ready && (
        <fieldset className="incoming-ways">
          <legend>Where they should lie</legend>
          <Way
            label="Use them where they are"
            hint="No copy. The browser asks for permission now and then, and a file that is moved or changed is missed."
            checked={way === 'in place'}
            onChange={() => setWay('in place')}
          />
          <Way
            label="Copy them into this browser"
            hint={`Takes ${sayBytes(seen.arrangement.bytes)} of its storage, and never asks again.`}
            checked={way === 'copy'}
            onChange={() => setWay('copy')}
          />
        </fieldset>
      )}
      <div className="card-actions">
        <button type="submit" className="button button-primary" disabled={!ready}>
          Add
        </button>
        <PutAway />
      </div>
    </form>
  );
}

/** Why files cannot go to a model now. */
function useObstacle(model: KnownModelId | null): string | undefined {
  const { shelf, jobs } = useModels();
  const known = KNOWN_MODELS.find(({ id }) => id === model);
  if (!known || shelf.state !== 'read') return undefined;
  if ((jobs[known.id] ?? IDLE).state === 'working')
    return `Something is being done with ${known.title}. Let it finish first.`;
  const { state } = standingOf(known, findStored(shelf.models, known.id));
  if (state === 'verified') return `${known.title} is here already. Delete it first to put these files in its place.`;
  return undefined;
}

interface WayProps {
  readonly label: string;
  readonly hint: string;
  readonly checked: boolean;
  readonly onChange: () => void;
}

function Way({ label, hint, checked, onChange }: WayProps) {
  const id = useId();
  return (
    <div className="way">
      <input id={id} type="radio" name="way" checked={checked} aria-describedby={`${id}-hint`} onChange={onChange} />
      <label htmlFor={id}>{label}</label>
      <p id={`${id}-hint`} className="hint">
        {hint}
      </p>
    </div>
  );
}

function PutAway() {
  const putAway = useIncoming(({ putAway }) => putAway);
  return (
    <button type="button" className="button" onClick={putAway}>
      Put them away
    </button>
  );
}
