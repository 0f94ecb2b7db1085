import { type ReactNode, useId } from 'react';
import { useApiHost } from '../store/api-host';
import { Copy } from './Copy';

/** Where the APIs are answered, whether they are, and by which key. */
export function ApiAddress() {
  const { key, renew } = useApiHost();
  const { good, title, text } = useStanding();
  return (
    <section className="card" data-tone={good ? 'active' : 'quiet'} aria-labelledby="api-standing">
      <header>
        <h3 id="api-standing">{title}</h3>
        <p className={`badge badge-${good ? 'active' : 'quiet'}`}>{good ? 'Answering' : 'Not answering'}</p>
      </header>
      <p className="card-line" role="status">
        {text}
      </p>
      <Value label="Base URL" value={location.origin} />
      {key && (
        <Value label="Key" value={key.secret}>
          <button type="button" className="link" onClick={() => void renew()}>
            New key
          </button>
        </Value>
      )}
      <p className="hint">A new key takes the place of the old one, which is refused from then on.</p>
    </section>
  );
}

function Value({ label, value, children }: { label: string; value: string; children?: ReactNode }) {
  const field = useId();
  return (
    <div className="api-value">
      <label htmlFor={field}>{label}</label>
      <input id={field} readOnly value={value} spellCheck={false} onFocus={({ target }) => target.select()} />
      <div className="api-value-actions">
        <Copy text={value} what={label} />
        {children}
      </div>
    </div>
  );
}

/** Whether programs are answered, in words. */
function useStanding(): { readonly good: boolean; readonly title: string; readonly text: string } {
  const { answering, relay, fault } = useApiHost();
  if (fault) return { good: false, title: 'REST requests cannot be answered', text: fault };
  if (answering === 'unknown') return { good: false, title: 'One moment', text: 'Looking for other tabs …' };
  if (answering === 'elsewhere') {
    const text = 'This one takes over when that is closed.';
    return { good: false, title: 'Another tab of this browser answers', text };
  }
  switch (relay) {
    case 'connected':
      return { good: true, title: 'This tab answers', text: 'Programs on this machine may call it.' };
    case 'connecting':
      return {
        good: false,
        title: 'The server is gone',
        text: 'Start it again with npm start; this tab waits for it.',
      };
    case 'taken':
      return { good: false, title: 'Another browser answers', text: 'This tab takes over when its tab is closed.' };
    case 'none':
      return {
        good: false,
        title: 'No program can call this page',
        text: 'It was served by a host without a relay. Run Stillmotion on your own machine with npm start.',
      };
  }
}
