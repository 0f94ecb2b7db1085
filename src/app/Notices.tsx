import './Notices.css';
import { useEngine } from '../store/engine';
import { useGeneration } from '../store/generation';
import { usePicture } from '../store/picture';
import { EngineNotice } from './EngineNotice';
import { Notice } from './Notice';

/** What went wrong and what should be known, in sentences; the page below stays as it was. */
export function Notices() {
  const { notice, dismiss: dismissPicture } = usePicture();
  const { run, notes, dismiss: dismissRun, dismissNotes } = useGeneration();
  const { engine, open } = useEngine();
  return (
    <div className="notices">
      {engine.state === 'failed' && (
        <Notice kind="error" text={engine.message} label="Try again" onPress={() => void open().catch(() => {})} />
      )}
      <EngineNotice />
      {run.stage === 'failed' && <Notice kind="error" text={run.message} label="Dismiss" onPress={dismissRun} />}
      {notes.length > 0 && <Notice kind="info" text={notes.join(' ')} label="Dismiss" onPress={dismissNotes} />}
      {notice && <Notice kind={notice.kind} text={notice.text} label="Dismiss" onPress={dismissPicture} />}
    </div>
  );
}
