import { type LoggedRequest, useApiHost } from '../store/api-host';

/** The last requests, the latest first. */
export function ApiLog() {
  const log = useApiHost(({ log }) => log);
  return (
    <section className="api-log" aria-labelledby="api-log-title">
      <h3 id="api-log-title">Last requests</h3>
      {log.length === 0 && <p>None yet.</p>}
      <ol>
        {log.map((request) => (
          <Entry key={request.number} request={request} />
        ))}
      </ol>
    </section>
  );
}

function Entry({ request: { method, path, at, status, milliseconds } }: { request: LoggedRequest }) {
  return (
    <li>
      <span className="api-log-path" title={path}>
        {method} {path}
      </span>
      <span className={status !== null && status >= 400 ? 'fault' : undefined}>{status ?? 'waiting …'}</span>
      <small>
        {new Date(at).toLocaleTimeString()}
        {milliseconds !== null && `, ${sayTime(milliseconds)}`}
      </small>
    </li>
  );
}

const sayTime = (milliseconds: number) =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
