import './ApiPage.css';
import { useApiHost } from '../store/api-host';
import { ApiAddress } from './ApiAddress';
import { ApiLog } from './ApiLog';
import { generationSnippet, stabilitySnippet } from './api-snippets';
import { Copy } from './Copy';
import { PageHeading } from './PageHeading';

/** The REST APIs: whether this tab answers, with which key, and how they are called. */
export function ApiPage() {
  const secret = useApiHost(({ key }) => key?.secret ?? 'YOUR_KEY');
  return (
    <main className="api" aria-label="API">
      <div className="shelf">
        <div className="models-intro">
          <PageHeading>API</PageHeading>
          <p>
            Clients of Stability AI’s and VoltageGPU’s Stable Video Diffusion, and of OpenAI’s videos, are answered here
            by the model in use. They change the host and the key, and nothing else.
          </p>
        </div>
        <ApiAddress />
        <Snippet title="A clip in one request, as at VoltageGPU" code={generationSnippet(location.origin, secret)} />
        <Snippet
          title="A clip from your picture, as at Stability AI"
          code={stabilitySnippet(location.origin, secret)}
        />
      </div>
      <aside className="models-aside">
        <ApiLog />
        <section className="api-limits">
          <h3>While it works</h3>
          <p>
            This tab must stay open; it may lie in the background. Clips are made one after the other, yours among them,
            and kept for a day.
          </p>
        </section>
      </aside>
    </main>
  );
}

function Snippet({ title, code }: { title: string; code: string }) {
  return (
    <section className="snippet" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <Copy text={code} what={title} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by the keyboard. */}
      <pre tabIndex={0}>{code}</pre>
    </section>
  );
}
