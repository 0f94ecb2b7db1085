import './ModelsPage.css';
import { useEffect } from 'react';
import { KNOWN_MODELS } from '../checkpoints/known-models';
import { useModels } from '../store/models';
import { EngineNotice } from './EngineNotice';
import { IncomingFiles } from './IncomingFiles';
import { KnownModelCard } from './KnownModelCard';
import { MachinePanel } from './MachinePanel';
import { PageHeading } from './PageHeading';
import { SiteModelCard } from './SiteModelCard';
import { StabilityNotice } from './StabilityNotice';
import type { Dragging } from './usePageDrop';

/** The models: the one that comes with the page, and those that the user brings. */
export function ModelsPage({ dragging }: { dragging: Dragging | null }) {
  const { shelf, read } = useModels();
  useEffect(() => {
    void read();
  }, [read]);
  return (
    <main className="models" aria-label="Models">
      <div className="shelf">
        <div className="models-intro">
          <PageHeading>Models</PageHeading>
          <p>
            SVD-nano comes with the page. The real Stable Video Diffusion is yours to bring: drop the files you have, or
            fetch them with your own Hugging Face account. They stay on this machine.
          </p>
        </div>
        <EngineNotice />
        <IncomingFiles />
        {shelf.state === 'failed' && (
          <p className="models-fault" role="alert">
            {shelf.message}{' '}
            <button type="button" className="link" onClick={() => void read()}>
              Try again
            </button>
          </p>
        )}
        <ul className="cards">
          <SiteModelCard />
          {KNOWN_MODELS.map((model) => (
            <KnownModelCard key={model.id} model={model} over={dragging?.over === model.id} />
          ))}
        </ul>
      </div>
      <aside className="models-aside">
        <MachinePanel />
        <StabilityNotice />
      </aside>
      {dragging && <p className="models-drop">Let go anywhere, or on a model’s card</p>}
    </main>
  );
}
