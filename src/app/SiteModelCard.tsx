import { useEffect, useState } from 'react';
import { siteModelBytes } from '../clients/models';
import { SITE_MODEL, titleOf } from '../store/active-model';
import { useEngine } from '../store/engine';
import { isWorking, useGeneration } from '../store/generation';
import { IDLE, useModels } from '../store/models';
import { sayBytes } from '../store/transfer';
import { Card } from './Card';
import { ModelJob } from './ModelJob';
import { MODEL_LINES } from './model-lines';

/** The model that the site carries: always here, nothing to add or delete. */
export function SiteModelCard() {
  const engine = useEngine(({ engine }) => engine);
  const { jobs, use } = useModels();
  const making = useGeneration(({ run }) => isWorking(run));
  const job = jobs[SITE_MODEL] ?? IDLE;
  const bytes = useSiteModelBytes();
  const active = engine.state === 'ready' && engine.id === SITE_MODEL;
  return (
    <Card
      title={titleOf(SITE_MODEL)}
      line={MODEL_LINES[SITE_MODEL].line}
      badge={active ? { tone: 'active', text: 'In use' } : { tone: 'good', text: 'Built in' }}
    >
      <p className="card-facts">{bytes > 0 && `${sayBytes(bytes)}. `}A part of this page, under the MIT licence.</p>
      <ModelJob id={SITE_MODEL} job={job} />
      {!active && (
        <div className="card-actions">
          <button
            type="button"
            className="button"
            disabled={making || job.state === 'working'}
            onClick={() => void use(SITE_MODEL)}
          >
            Use
          </button>
        </div>
      )}
    </Card>
  );
}

/** 0 until it is known. */
function useSiteModelBytes(): number {
  const [bytes, setBytes] = useState(0);
  useEffect(() => {
    // The card does without it; whoever opens the model tells why the list cannot be read.
    siteModelBytes().then(setBytes, () => {});
  }, []);
  return bytes;
}
