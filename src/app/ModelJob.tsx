import './ModelJob.css';
import type { CSSProperties } from 'react';
import type { ModelId } from '../store/active-model';
import { type Doing, type Job, useModels } from '../store/models';
import { sayDuration } from '../store/progress';
import { sayBytes, type Transfer } from '../store/transfer';

const WORDS: Readonly<Record<Doing, string>> = {
  asking: 'Asking for the list of files',
  downloading: 'Downloading',
  copying: 'Copying',
  verifying: 'Checking every byte',
  opening: 'Opening',
  saving: 'Saving',
  deleting: 'Deleting',
};

/** What is done with a model now, how far that is, and what came of it. */
export function ModelJob({ id, job }: { id: ModelId; job: Job }) {
  const { stop, dismiss } = useModels();
  const fault = job.state === 'told' && job.kind === 'error' ? job.text : undefined;
  return (
    <div className="job" data-state={job.state}>
      {job.state === 'working' && job.transfer && <Bar doing={job.doing} transfer={job.transfer} />}
      <div className="job-words">
        <div>
          {/* One live region from a job's first word to its last; the numbers move too often to be read out. */}
          <p role="status">{fault ? '' : say(job)}</p>
          {fault && (
            <p role="alert" className="fault">
              {fault}
            </p>
          )}
          {job.state === 'working' && job.transfer && <small>{sayTransfer(job.transfer)}</small>}
        </div>
        {job.state === 'working' && canStop(job.doing) && (
          <button type="button" className="button" disabled={job.stopping} onClick={() => stop(id)}>
            {job.doing === 'downloading' || job.doing === 'asking' ? 'Pause' : 'Cancel'}
          </button>
        )}
        {job.state === 'told' && (
          <button type="button" className="link" onClick={() => dismiss(id)}>
            Dismiss
          </button>
        )}
      </div>
    </div>
  );
}

function say(job: Job): string {
  if (job.state === 'idle') return '';
  if (job.state === 'told') return job.text;
  return job.stopping ? 'Stopping' : WORDS[job.doing];
}

const canStop = (doing: Doing) => doing !== 'deleting' && doing !== 'opening';

function Bar({ doing, transfer: { doneBytes, totalBytes } }: { doing: Doing; transfer: Transfer }) {
  const share = totalBytes > 0 ? doneBytes / totalBytes : 0;
  return (
    <div
      className="job-bar"
      role="progressbar"
      aria-label={WORDS[doing]}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(100 * share)}
      aria-valuetext={`${sayBytes(doneBytes)} of ${sayBytes(totalBytes)}`}
      style={{ '--done': share } as CSSProperties}
    />
  );
}

function sayTransfer({ doneBytes, totalBytes, secondsLeft }: Transfer): string {
  const left = secondsLeft === null ? '' : `, about ${sayDuration(secondsLeft)} left`;
  return `${sayBytes(doneBytes)} of ${sayBytes(totalBytes)}${left}`;
}
