import { useState } from 'react';
import type { KnownModel } from '../checkpoints/known-models';
import { useEngine } from '../store/engine';
import { type Doing, IDLE, type Job, useModels } from '../store/models';
import { findStored, type Standing, sayComponents, standingOf } from '../store/shelf';
import { type Badge, Card } from './Card';
import { DownloadForm } from './DownloadForm';
import { ModelActions } from './ModelActions';
import { ModelFacts } from './ModelFacts';
import { ModelJob } from './ModelJob';
import { ModelVerdict } from './ModelVerdict';
import { MODEL_LINES } from './model-lines';

/** A model that the user brings: from not here, over partly here, to ready and in use. */
export function KnownModelCard({ model, over }: { model: KnownModel; over: boolean }) {
  const { shelf, jobs } = useModels();
  const engine = useEngine(({ engine }) => engine);
  const [downloading, setDownloading] = useState(false);
  const reading = shelf.state === 'reading';
  const stored = shelf.state === 'read' ? shelf.models : [];
  const standing = standingOf(model, findStored(stored, model.id));
  const job = jobs[model.id] ?? IDLE;
  const active = engine.state === 'ready' && engine.id === model.id;
  return (
    <Card
      id={model.id}
      over={over}
      title={model.title}
      line={MODEL_LINES[model.id].line}
      badge={reading ? { tone: 'quiet', text: 'Looking …' } : badgeOf(standing, active, job)}
    >
      <ModelFacts model={model} standing={standing} />
      <ModelVerdict id={model.id} />
      {standing.state === 'broken' && (
        <p role="alert" className="fault">
          {standing.fault}
        </p>
      )}
      {standing.state === 'partial' && (job.state === 'idle' || standing.lacks.length > 0) && (
        <p>{sayLacking(standing)}</p>
      )}
      <ModelJob id={model.id} job={job} />
      {job.state !== 'working' && !reading && (
        <ModelActions
          model={model}
          standing={standing}
          active={active}
          downloading={downloading}
          onDownload={() => setDownloading(!downloading)}
        />
      )}
      {downloading && job.state !== 'working' && standing.state !== 'verified' && (
        <DownloadForm model={model} resumes={standing.state === 'partial'} />
      )}
    </Card>
  );
}

/** What a model's files come by. */
const COMING: ReadonlySet<Doing> = new Set(['asking', 'downloading', 'copying']);

function badgeOf({ state }: Standing, active: boolean, job: Job): Badge {
  if (active) return { tone: 'active', text: 'In use' };
  if (job.state === 'working' && COMING.has(job.doing)) return { tone: 'quiet', text: 'On its way' };
  const badges: Readonly<Record<Standing['state'], Badge>> = {
    missing: { tone: 'quiet', text: 'Not here' },
    partial: { tone: 'quiet', text: 'Partly here' },
    verified: { tone: 'good', text: 'Verified' },
    broken: { tone: 'wrong', text: 'Broken' },
  };
  return badges[state];
}

function sayLacking({ stored, lacks }: Standing & { state: 'partial' }): string {
  if (stored.state === 'partial')
    return 'It was not brought to its end. Go on with the download, or add the files again.';
  const verb = lacks.length > 1 ? 'are' : 'is';
  const words = sayComponents(lacks);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} ${verb} missing. Add the files, or download what is missing.`;
}
