import type { KnownModelId } from '../checkpoints/known-models';
import type { JudgedClip, Verdict } from '../models/verdict';
import { sayDuration } from '../store/progress';
import { useVerdicts } from '../store/verdicts';

/** Whether a model runs here at its own size, what that takes, and the setting that would run where it does not. */
export function ModelVerdict({ id }: { id: KnownModelId }) {
  const judged = useVerdicts(({ verdicts }) => verdicts[id]);
  if (!judged) return null;
  const { clip, verdict, smaller } = judged;
  return (
    <p className="verdict">
      <strong>{verdict.fits ? 'It fits:' : 'It does not fit:'}</strong> {sayClip(clip)}
      {verdict.fits ? sayCost(verdict) : `. ${verdict.reason}`}
      {smaller && ` What would fit: ${sayClip(smaller.clip)}${sayCost(smaller.verdict)}`}
      {!verdict.fits && !smaller && ' No smaller setting would fit either.'}
    </p>
  );
}

const sayClip = ({ frames, width, height, numInferenceSteps }: JudgedClip) =>
  `${frames} frames of ${width} × ${height} in ${numInferenceSteps} steps`;

const sayCost = ({ peakBytes, seconds }: Verdict) =>
  ` take ${(peakBytes / 2 ** 30).toFixed(1)} GB of memory and about ${sayDuration(seconds)}.`;
