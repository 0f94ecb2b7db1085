import type { Frames } from '../inference/api';

/** The encoder worker as the page sees it, through comlink. */
export interface EncoderApi {
  /**
   * Encodes frames as an MP4: H.264, yuv420p, bt709, faststart, one track.
   * `title` and `comment` become metadata tags. Rejects with EncodingError, whose message is a sentence.
   */
  encodeMp4(
    frames: Frames,
    tags: { readonly title?: string; readonly comment?: string },
  ): Promise<Uint8Array<ArrayBuffer>>;
}
