import './Stage.css';
import type { CSSProperties, ReactNode } from 'react';
import { type Clip, isWorking, useGeneration } from '../store/generation';
import { type ChosenPicture, usePicture } from '../store/picture';
import { PickButton } from './PickButton';
import { useNextSettings } from './useNextSettings';

/** The picture's place on the page: empty, the picture as it will be cropped, the picture at work, or the clip. */
export function Stage({ dragging }: { dragging: boolean }) {
  const { picture, reading } = usePicture();
  const { run, fraction, clip, view } = useGeneration();
  const next = useNextSettings();
  const working = isWorking(run);
  const showsClip = clip !== null && (view === 'clip' || !picture) && !working;

  const { width, height } = sizeShown(showsClip ? clip.settings : next?.settings, picture);
  return (
    <section
      className="stage"
      aria-label="Picture"
      data-dragging={dragging}
      style={{ '--aspect': width / height } as CSSProperties}
    >
      {showsClip && <Player clip={clip} />}
      {!showsClip && picture && <Still picture={picture} {...(working && { fraction })} />}
      {!showsClip && !picture && <Empty reading={reading} />}
      {dragging && <p className="stage-drop">Let go anywhere</p>}
    </section>
  );
}

/** The aspect to show; while a typed size is out of range, the picture's own. */
function sizeShown(size: { width: number; height: number } | undefined, picture: ChosenPicture | null) {
  const usable = size && size.width >= 1 && size.height >= 1 && Math.abs(Math.log(size.width / size.height)) < 2;
  return usable ? size : (picture ?? { width: 16, height: 9 });
}

function Empty({ reading }: { reading: boolean }) {
  return (
    <div className="stage-empty">
      <Rings />
      <p className="stage-invitation">{reading ? 'Opening your picture …' : 'Begin with a picture'}</p>
      <p className="stage-ways">Drop it anywhere, paste it, or</p>
      <PickButton className="button button-primary">Choose a picture</PickButton>
    </div>
  );
}

/** Rings on still water: the first drop is the picture. */
function Rings() {
  return (
    <svg className="stage-rings" viewBox="0 0 800 450" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      {[1, 2, 3, 4, 5, 6].map((ring) => (
        <ellipse key={ring} cx="400" cy="225" rx={ring * 105 - 40} ry={(ring * 105 - 40) * 0.42} />
      ))}
    </svg>
  );
}

/** The picture; at work its colour comes back from left to right as the clip grows. */
function Still({ picture, fraction }: { picture: ChosenPicture; fraction?: number }) {
  return (
    <Frame glow={picture.url}>
      <img src={picture.url} alt={picture.name} className={fraction === undefined ? '' : 'stage-asleep'} />
      {fraction !== undefined && (
        <div className="stage-awake" style={{ '--done': `${100 * fraction}%` } as CSSProperties} aria-hidden="true">
          <img src={picture.url} alt="" />
        </div>
      )}
    </Frame>
  );
}

function Player({ clip }: { clip: Clip }) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return (
    <Frame>
      <video key={clip.url} src={clip.url} aria-label="Your clip" controls loop muted playsInline autoPlay={!calm} />
    </Frame>
  );
}

/** The picture's frame, with its light falling on the wall around it. */
function Frame({ glow, children }: { glow?: string; children: ReactNode }) {
  return (
    <div className="stage-frame">
      {glow && <img className="stage-glow" src={glow} alt="" aria-hidden="true" />}
      <div className="stage-picture">{children}</div>
    </div>
  );
}
