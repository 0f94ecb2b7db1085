/** What Stability AI asks of those who offer its weights. */
export function StabilityNotice() {
  return (
    <section className="stability" aria-label="Licence of these models">
      <p>
        <strong>Powered by Stability AI</strong>
      </p>
      <p>
        SVD, SVD-XT, SVD-XT 1.1 and models made from them are licensed under the{' '}
        <a href="https://stability.ai/license" target="_blank" rel="noreferrer">
          Stability AI Community License
        </a>
        , Copyright © Stability AI Ltd. All Rights Reserved. It is free for research, for private use, and for
        businesses below the revenue it names; others need a licence from Stability AI. Stillmotion carries none of
        these weights.
      </p>
    </section>
  );
}
