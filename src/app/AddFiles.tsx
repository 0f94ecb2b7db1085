import { useRef } from 'react';
import type { KnownModelId } from '../checkpoints/known-models';
import { fromInput, givesHandles, type LocalChoice, pickFiles, pickFolder } from '../clients/local-files';
import { useIncoming } from '../store/incoming';

/** Two buttons that open the system's dialogs: for files, and for a folder with all that is in it. */
export function AddFiles({ id, title }: { id: KnownModelId; title: string }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const look = useIncoming(({ look }) => look);
  const pick = (dialog: () => Promise<LocalChoice[]>, input: HTMLInputElement | null) =>
    givesHandles() ? void look(dialog(), id) : input?.click();
  return (
    <>
      <button type="button" className="button" onClick={() => pick(pickFiles, files.current)}>
        Add files
      </button>
      <button type="button" className="button" onClick={() => pick(pickFolder, folder.current)}>
        Add a folder
      </button>
      {/* For browsers without handles; the inputs cannot be styled. */}
      <Input ref={files} label={`Files of ${title}`} onFiles={(chosen) => void look(Promise.resolve(chosen), id)} />
      <Input
        ref={folder}
        label={`Folder of ${title}`}
        folder
        onFiles={(chosen) => void look(Promise.resolve(chosen), id)}
      />
    </>
  );
}

interface InputProps {
  readonly ref: React.Ref<HTMLInputElement>;
  readonly label: string;
  readonly folder?: boolean;
  readonly onFiles: (files: LocalChoice[]) => void;
}

function Input({ ref, label, folder = false, onFiles }: InputProps) {
  return (
    <input
      ref={ref}
      type="file"
      aria-label={label}
      multiple
      hidden
      {...(folder && { webkitdirectory: '' })}
      onChange={({ currentTarget }) => {
        onFiles(fromInput(currentTarget.files ?? []));
        // The same files may be chosen again.
        currentTarget.value = '';
      }}
    />
  );
}
