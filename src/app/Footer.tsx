import './Footer.css';
import { useRef } from 'react';

/** The promise, the licences, and a word about what this is. */
export function Footer() {
  const about = useRef<HTMLDialogElement>(null);
  return (
    <footer className="footer">
      <p>
        Your pictures and clips never leave this machine. Nothing is fetched from anyone else but the models that you
        download, and the pictures that your own REST clients name.
      </p>
      <p>
        App and model: MIT. The MP4 is written by ffmpeg: GPL.{' '}
        <button type="button" className="link" onClick={() => about.current?.showModal()}>
          About and licences
        </button>
      </p>
      <dialog ref={about} className="about" aria-labelledby="about-title">
        <h2 id="about-title">
          Still<em>motion</em>
        </h2>
        <p>
          It runs Stable Video Diffusion, a network that turns one picture into a short clip, in your browser: on the
          graphics card through WebGPU where there is one, otherwise on the processor.
        </p>
        <dl>
          <dt>Stillmotion</dt>
          <dd>MIT licence, the sample pictures included.</dd>
          <dt>SVD-nano, the model that comes with it</dt>
          <dd>
            Made for this project, MIT licence. It has the architecture of Stable Video Diffusion and no weight of it.
          </dd>
          <dt>SVD, SVD-XT, SVD-XT 1.1 and AnimateLCM-SVD, which you may bring</dt>
          <dd>
            Powered by Stability AI. Licensed under the{' '}
            <a href="https://stability.ai/license" target="_blank" rel="noreferrer">
              Stability AI Community License
            </a>
            , Copyright © Stability AI Ltd. All Rights Reserved. They do not come with Stillmotion.
          </dd>
          <dt>@ffmpeg/core, which writes the MP4</dt>
          <dd>
            GPL 2.0 or later, a separate file used unmodified.{' '}
            <a href="https://github.com/ffmpegwasm/ffmpeg.wasm" target="_blank" rel="noreferrer">
              Its source
            </a>
          </dd>
        </dl>
        <form method="dialog">
          <button type="submit" className="button">
            Close
          </button>
        </form>
      </dialog>
    </footer>
  );
}
