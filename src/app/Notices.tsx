import './Notices.css';
import { useEngine } from '../store/engine';
import { useGeneration } from '../store/generation';
import { usePicture } from '../store/picture';

/** What went wrong and what should be known, in sentences; the page below stays as it was. */
export function Notices() {
  const { notice, dismiss: dismissPicture } = usePicture();
  const { run, dismiss: dismissRun } = useGeneration();
  const { engine, open } = useEngine();
  return (
    <div className="notices">
      {engine.state === 'failed' && (
        <Notice kind="error" text={engine.message} label="Try again" onPress={() => void open().catch(() => {})} />
      )}
      {run.stage === 'failed' && <Notice kind="error" text={run.message} label="Dismiss" onPress={dismissRun} />}
      {notice && <Notice kind={notice.kind} text={notice.text} label="Dismiss" onPress={dismissPicture} />}
    </div>
  );
}

interface NoticeProps {
  readonly kind: 'error' | 'info';
  readonly text: string;
  readonly label: string;
  readonly onPress: () => void;
}

function Notice({ kind, text, label, onPress }: NoticeProps) {
  return (
    <div className={`notice notice-${kind}`} role="alert">
      <p>{text}</p>
      <button type="button" className="link" onClick={onPress}>
        {label}
      </button>
    </div>
  );
}
