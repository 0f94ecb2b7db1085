import type { KnownModel } from '../checkpoints/known-models';
import { isWorking, useGeneration } from '../store/generation';
import { useModels } from '../store/models';
import type { Standing } from '../store/shelf';
import { AddFiles } from './AddFiles';
import { DeleteModel } from './DeleteModel';

interface ModelActionsProps {
  readonly model: KnownModel;
  readonly standing: Standing;
  /** Clips are made with it. */
  readonly active: boolean;
  /** The form of the download is open. */
  readonly downloading: boolean;
  readonly onDownload: () => void;
}

const DOWNLOAD = { missing: 'Download', partial: 'Go on with the download', broken: 'Download again' } as const;

/** What can be done with a model as it stands: get it, use it, or look after it. */
export function ModelActions({ model, standing, active, downloading, onDownload }: ModelActionsProps) {
  const { use, verify, save } = useModels();
  const making = useGeneration(({ run }) => isWorking(run));
  const { state } = standing;
  const { id, title } = model;
  return (
    <div className="card-actions">
      {state === 'verified' && !active && (
        <button
          type="button"
          className="button button-primary"
          disabled={making}
          title={making ? 'A clip is being made' : undefined}
          onClick={() => void use(id)}
        >
          Use
        </button>
      )}
      {active && (
        <a className="button" href="#animate">
          Make a clip
        </a>
      )}
      {state !== 'verified' && (
        <>
          <button type="button" className="button card-widest" aria-expanded={downloading} onClick={onDownload}>
            {DOWNLOAD[state]}
          </button>
          <AddFiles id={id} title={title} />
        </>
      )}
      {state !== 'missing' && (
        <div className="card-care">
          <button type="button" className="link" onClick={() => void verify(id)}>
            Verify
          </button>
          {state === 'verified' && (
            <button type="button" className="link" onClick={() => void save(id)}>
              Export
            </button>
          )}
          <DeleteModel standing={standing} id={id} title={title} active={active} disabled={making && active} />
        </div>
      )}
    </div>
  );
}
