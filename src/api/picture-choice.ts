import type { ApiDeps } from './deps';
import { badRequest } from './errors';
import { type PictureInput, takePicture } from './picture-input';

/** A picture, and sentences for the client on how it was chosen. */
export interface PictureChoice extends PictureInput {
  readonly warnings: readonly string[];
}

const TYPES = ['jpg', 'png', 'webp'];

/**
 * The picture of a request that may come with a prompt alone. Stable Video Diffusion reads no text: beside a picture the
 * prompt is left unread, and without one the user's setting decides.
 *
 * @param param the field a picture would be in
 * @throws ApiError
 */
export async function choosePicture(
  file: Blob | undefined,
  param: string,
  prompt: string | undefined,
  { animator, mirror }: ApiDeps,
): Promise<PictureChoice> {
  if (file) {
    const warnings = prompt ? ['The prompt was ignored: Stable Video Diffusion animates the picture alone.'] : [];
    return { ...(await takePicture(file, param, TYPES, animator)), warnings };
  }
  if (!prompt) throw badRequest(param, 'is required where there is no prompt', 'missing_required_parameter');
  if (mirror().promptAlone === 'refuse') {
    throw badRequest(
      param,
      'is required: no text-to-image model is installed to draw the prompt. Send a picture, or choose on the API page ' +
        'that the sample picture stands in',
      'text_to_image_not_installed',
    );
  }
  const sample = await takePicture(await animator.samplePicture(), param, TYPES, animator);
  const warning = `The prompt was ignored and a sample picture animated: no text-to-image model is installed. Send ${param}.`;
  return { ...sample, warnings: [warning] };
}
