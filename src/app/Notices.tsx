import './Notices.css';
import { useEngine } from '../store/engine';
import { useGeneration } from '../store/generation';
import { useModels } from '../store/models';
import { usePicture } from '../store/picture';

/** What went wrong and what should be known, in sentences; the page below stays as it was. */
export function Notices() {
  const { notice, dismiss: dismissPicture } = usePicture();
  const { run, notes, dismiss: dismissRun, dismissNotes } = useGeneration();
  const { engine, notice: engineNotice, open, dismiss: dismissEngine } = useEngine();
  const use = useModels(({ use }) => use);
  return (
    <div className="notices">
      {engine.state === 'failed' && (
        <Notice kind="error" text={engine.message} label="Try again" onPress={() => void open().catch(() => {})} />
      )}
      {engineNotice && (
        <Notice
          kind="info"
          text={engineNotice.text}
          label={engineNotice.allow ? 'Allow access' : 'Dismiss'}
          onPress={() => (engineNotice.allow ? void use(engineNotice.allow) : dismissEngine())}
        />
      )}
      {run.stage === 'failed' && <Notice kind="error" text={run.message} label="Dismiss" onPress={dismissRun} />}
      {notes.length > 0 && <Notice kind="info" text={notes.join(' ')} label="Dismiss" onPress={dismissNotes} />}
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
