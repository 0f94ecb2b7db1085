import './Samples.css';
import { isWorking, useGeneration } from '../store/generation';
import { SAMPLES, sampleUrl, usePicture } from '../store/picture';

/** Three pictures of our own, for those who came without one. */
export function Samples() {
  const working = useGeneration(({ run }) => isWorking(run));
  const { picture, chooseSample } = usePicture();
  return (
    <section className="samples" aria-label="Samples">
      <h2>Or begin with one of ours</h2>
      <ul>
        {SAMPLES.map((sample) => (
          <li key={sample.file}>
            <button
              type="button"
              disabled={working}
              aria-pressed={picture?.name === sample.title}
              onClick={() => void chooseSample(sample)}
            >
              <img src={sampleUrl(sample)} alt="" />
              {sample.title}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
