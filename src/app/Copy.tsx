import { useEffect, useState } from 'react';

/** Copies a text; the button says so for a moment, or that it could not. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [said, say] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => say(null), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => say('Copied'),
      () => say('Not copied'),
    );
  return (
    <button type="button" className="link" aria-label={`Copy: ${what}`} onClick={() => void copy()}>
      <span role="status">{said ?? 'Copy'}</span>
    </button>
  );
}
