import { Actions } from './Actions';
import { Notices } from './Notices';
import { Samples } from './Samples';
import { SettingsPanel } from './SettingsPanel';
import { Stage } from './Stage';

/** A picture, its settings, and the clip. */
export function AnimatePage({ hidden, dragging }: { hidden: boolean; dragging: boolean }) {
  return (
    <main hidden={hidden} tabIndex={-1} aria-label="Animate">
      <div className="hero">
        <Stage dragging={dragging} />
        <Notices />
        <Actions />
        <Samples />
      </div>
      <SettingsPanel />
    </main>
  );
}
