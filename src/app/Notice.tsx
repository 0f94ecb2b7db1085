import './Notice.css';

interface NoticeProps {
  readonly kind: 'error' | 'info';
  readonly text: string;
  readonly label: string;
  readonly onPress: () => void;
}

/** A sentence, and the one thing that can be done about it. */
export function Notice({ kind, text, label, onPress }: NoticeProps) {
  return (
    <div className={`notice notice-${kind}`} role="alert">
      <p>{text}</p>
      <button type="button" className="link" onClick={onPress}>
        {label}
      </button>
    </div>
  );
}
