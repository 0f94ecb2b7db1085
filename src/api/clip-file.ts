import type { ApiDeps } from './deps';
import { fileResponse } from './file-response';
import { isExpired, type Job } from './job';

/** Where a clip's MP4 lies under the API, with OpenAPI's {id}. */
export const CLIP_PATH = '/v1/video/generations/{id}/video.mp4';

/** The address of a clip's MP4: whoever holds it needs no key, so that players and plain downloads can use it. */
export const clipUrl = (origin: string, { id, signature }: Job): string =>
  `${origin}${CLIP_PATH.replace('{id}', id)}?signature=${signature}`;

/**
 * The MP4 at such an address, or the part that Range names; undefined for any other request, and where there is no such
 * clip. It needs the stores alone: a service worker can answer it while the page that owns the GPU is busy.
 *
 * @throws ApiError if the range lies outside the file
 */
export async function clipFile(
  request: Request,
  { jobs, results, now }: Pick<ApiDeps, 'jobs' | 'results' | 'now'>,
): Promise<Response | undefined> {
  const { pathname, searchParams } = new URL(request.url);
  const [, id] = CLIP_ADDRESS.exec(pathname) ?? [];
  const job = id === undefined ? undefined : await jobs.get(id);
  const isTheirs = job?.face === 'generations' && job.signature === searchParams.get('signature');
  const mp4 = isTheirs && !isExpired(job, now()) ? await results.read(job.id) : undefined;
  return job && mp4 && fileResponse(request, mp4, 'video/mp4', job.id);
}

const CLIP_ADDRESS = new RegExp(`^${CLIP_PATH.replace('{id}', '([\\w]+)').replaceAll('.', '\\.')}$`);
