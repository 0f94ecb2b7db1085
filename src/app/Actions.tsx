import './Actions.css';
import { type Clip, isWorking, type Run, useGeneration } from '../store/generation';
import { usePicture } from '../store/picture';
import { sayDuration, sayStage } from '../store/progress';
import { useSettings } from '../store/settings';
import { PickButton } from './PickButton';
import { ProgressBars, TimeLeft } from './Progress';
import { useNextSettings } from './useNextSettings';

/** What can be done with what is on the stage: animate it, follow or cancel the run, keep the clip. */
export function Actions() {
  const { run, clip, view, cancelling, cancel } = useGeneration();
  const picture = usePicture(({ picture }) => picture);
  const working = isWorking(run);
  return (
    <section className="actions" aria-label="Actions">
      {working && <ProgressBars run={run} />}
      <div className="words">
        <p>
          {/* One live region from the first stage to the last word: a new one would not be read out. */}
          <span role="status">{cancelling ? 'Cancelling after this step' : say(run)}</span>
          {working && !cancelling && <TimeLeft />}
        </p>
        {working && (
          <button type="button" className="button" onClick={cancel}>
            {cancelling ? 'Stop now' : 'Cancel'}
          </button>
        )}
        {!working && clip && picture && <ViewSwitch />}
      </div>
      {!working && clip && view === 'clip' && <Keep clip={clip} seconds={run.stage === 'done' ? run.seconds : null} />}
      {!working && <Begin />}
    </section>
  );
}

function say(run: Run): string {
  if (isWorking(run)) return sayStage(run);
  if (run.stage === 'done') return 'Your clip is ready.';
  if (run.stage === 'cancelled') return 'Cancelled.';
  return '';
}

function ViewSwitch() {
  const { view, show } = useGeneration();
  return (
    <fieldset className="switch" aria-label="Show">
      <button type="button" aria-pressed={view === 'picture'} onClick={() => show('picture')}>
        Picture
      </button>
      <button type="button" aria-pressed={view === 'clip'} onClick={() => show('clip')}>
        Clip
      </button>
    </fieldset>
  );
}

/** The clip to take home, and the seed that would make it again. */
function Keep({ clip, seconds }: { clip: Clip; seconds: number | null }) {
  const { choose, chosen } = useSettings();
  const { settings } = clip;
  return (
    <div className="keep">
      <a className="button button-primary" href={clip.url} download={clip.fileName}>
        Download MP4
      </a>
      <p>
        Seed {settings.seed}
        {chosen.seed !== settings.seed && (
          <button type="button" className="link" onClick={() => choose({ seed: settings.seed })}>
            Keep this seed
          </button>
        )}
        <small>
          {settings.numFrames} frames, {settings.width} × {settings.height}, {sayBytes(clip.bytes)}
          {seconds !== null && `, made in ${sayDuration(seconds)}`}
        </small>
      </p>
    </div>
  );
}

function Begin() {
  const { view, clip, animate } = useGeneration();
  const picture = usePicture(({ picture }) => picture);
  const next = useNextSettings();
  const faulty = next !== undefined && Object.keys(next.faults).length > 0;
  // With a finished clip in view the download comes first.
  const weight = clip && view === 'clip' ? 'button' : 'button button-primary';
  return (
    <div className="begin">
      <button type="button" className={weight} disabled={!picture || !next || faulty} onClick={() => void animate()}>
        Animate
      </button>
      {picture && <PickButton className="button">Another picture</PickButton>}
      {faulty && <p className="fault">A setting needs mending first; it is marked in the form.</p>}
      {next && picture && !faulty && view === 'picture' && (
        <p>
          {next.settings.numFrames} frames, {(next.settings.numFrames / next.settings.fps).toFixed(1)} s,{' '}
          {next.settings.width} × {next.settings.height}
        </p>
      )}
    </div>
  );
}

const sayBytes = (bytes: number) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
