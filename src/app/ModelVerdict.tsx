import type { KnownModelId } from '../models/known-models';
import type { JudgedClip, Verdict } from '../models/verdict';
import { sayDuration } from '../store/progress';
import { useVerdicts } from '../store/verdicts';

/** Whether a model runs here at its own size, what that takes, and the setting that would run where it does not. */
export function ModelVerdict({ id }: { id: KnownModelId }) {
  const judged = useVerdicts(({ verdicts }) => verdicts[id]);
  if (!judged) return null;
  const { clip, verdict, smaller } = judged;
  return (
    <div className="verdict" data-fits={verdict.fits}>
      <p>
        <strong>{verdict.fits ? 'Fits.' : 'Does not fit.'}</strong> {sayClip(clip)}{' '}
        {verdict.fits ? sayCost(verdict) : verdict.reason}
      </p>
      {smaller && (
        <p>
          {sayClip(smaller.clip)} would fit: {sayCost(smaller.verdict)}
        </p>
      )}
      {!verdict.fits && !smaller && <p>No smaller setting would fit either.</p>}
    </div>
  );
}

const sayClip = ({ frames, width, height, numInferenceSteps }: JudgedClip) =>
  `${frames} frames of ${width} × ${height} in ${numInferenceSteps} steps`;

const sayCost = ({ peakBytes, seconds }: Verdict) =>
  `${(peakBytes / 2 ** 30).toFixed(1)} GB of memory, about ${sayDuration(seconds)}.`;
