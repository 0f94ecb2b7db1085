import { useId, useRef } from 'react';
import type { KnownModelId } from '../checkpoints/known-models';
import { useModels } from '../store/models';
import { bytesHere, type Standing } from '../store/shelf';
import { sayBytes } from '../store/transfer';

interface DeleteModelProps {
  readonly id: KnownModelId;
  readonly title: string;
  readonly standing: Standing;
  readonly active: boolean;
  readonly disabled: boolean;
}

/** Deleting gigabytes is asked twice. */
export function DeleteModel({ id, title, standing, active, disabled }: DeleteModelProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const remove = useModels(({ remove }) => remove);
  if (standing.state === 'missing') return null;
  const onDisk = standing.stored.files.some(({ where }) => where === 'disk');
  return (
    <>
      <button type="button" className="link" disabled={disabled} onClick={() => dialog.current?.showModal()}>
        Delete
      </button>
      <dialog ref={dialog} className="about" aria-labelledby={heading}>
        <h2 id={heading}>Delete {title}?</h2>
        <p>
          {onDisk
            ? 'This page forgets where its files are. The files on your disk stay.'
            : `${sayBytes(bytesHere(standing.stored))} are freed in this browser’s storage. To have the model again, it must be added again.`}
          {active && ' Clips are made with SVD-nano from then on.'}
        </p>
        <form method="dialog" className="dialog-actions">
          <button type="submit" className="button">
            Keep it
          </button>
          <button type="submit" className="button button-wrong" onClick={() => void remove(id)}>
            Delete
          </button>
        </form>
      </dialog>
    </>
  );
}
