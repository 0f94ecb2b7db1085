import { type CSSProperties, useEffect, useState } from 'react';
import { useGeneration } from '../store/generation';
import { STAGES, sayDuration, sayStage, shareDone, stageIndex, type Working } from '../store/progress';

/** The stages of the run as a row of thin bars. */
export function ProgressBars({ run }: { run: Working }) {
  const fraction = useGeneration(({ fraction }) => fraction);
  const current = stageIndex(run);
  return (
    <div
      className="bars"
      role="progressbar"
      aria-label="Progress"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(100 * fraction)}
      aria-valuetext={sayStage(run)}
    >
      {STAGES.map(({ label, share }, index) => {
        const style = { flexGrow: 4 + 20 * share, '--done': shareDone(index, fraction) } as CSSProperties;
        return (
          <div key={label} className={index === current ? 'bar bar-current' : 'bar'} style={style}>
            {label}
          </div>
        );
      })}
    </div>
  );
}

/** Counts down by itself between two reports, which may be minutes apart. */
export function TimeLeft() {
  const endsAt = useGeneration(({ stageEndsAt }) => stageEndsAt);
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (endsAt === null) return null;
  const seconds = (endsAt - now) / 1000;
  return <small>{seconds < 1 ? 'next stage in a moment' : `next stage in about ${sayDuration(seconds)}`}</small>;
}
