import type { Settings } from '../pipelines/settings';
import { sizeText } from './clip';
import type { ActiveModel, Animator } from './deps';
import { ApiError } from './errors';
import { randomHex } from './ids';
import type { Face, Fate, Job } from './job';
import { priceOf } from './price';
import type { Call, Service } from './route';

/** What tells the services' ids apart; Stability's are bare. */
const PREFIXES: Readonly<Record<Face, string>> = { stability: '', generations: 'vidgen_', videos: 'video_' };

export interface NewJob {
  readonly face: Face;
  /** Of the model that is open. */
  readonly modelId: string;
  readonly settings: Settings;
  readonly asked: Job['asked'];
  readonly warnings: readonly string[];
  /** As Animator.openPicture gave it. */
  readonly picture: Blob;
}

/**
 * Makes a job of a request that was found good, and queues it.
 *
 * @throws ApiError if it may not be started now
 */
export async function startJob({ deps, runner }: Service, call: Call, wanted: NewJob): Promise<Job> {
  const { picture, ...rest } = wanted;
  const job: Job = {
    ...rest,
    id: PREFIXES[wanted.face] + randomHex(deps.random, wanted.face === 'stability' ? 32 : 24),
    signature: randomHex(deps.random, 16),
    keyId: call.keyId,
    status: 'queued',
    progress: 0,
    fate: fateOf(call),
    dollars: priceOf(wanted.face, wanted.settings),
    createdAt: deps.now(),
    completedAt: null,
    expiresAt: null,
    bytes: 0,
    error: null,
  };
  await runner.start(job, picture);
  return job;
}

/** The job with an id, if it is this key's and of this face, however it stands. */
export async function findJob({ runner }: Service, { id, keyId }: Call, face: Face): Promise<Job | undefined> {
  const job = await runner.find(id);
  return job?.keyId === keyId && job.face === face ? job : undefined;
}

/** Which model answers. Nothing can be made without one. */
export async function openModel(animator: Animator): Promise<ActiveModel> {
  try {
    return await animator.model();
  } catch (error) {
    throw new ApiError('unavailable', `No model is open: ${(error as Error).message}`);
  }
}

/** What a client may want to know of its clip, on every answer about one. */
export function clipHeaders({ settings, warnings, modelId }: Job): Record<string, string> {
  const { numFrames, fps, seed } = settings;
  return {
    'stillmotion-model': ascii(modelId),
    'stillmotion-clip': `size=${sizeText(settings)}; num_frames=${numFrames}; fps=${fps}; seed=${seed}`,
    ...(warnings.length > 0 && { 'stillmotion-warnings': ascii(warnings.join(' ')) }),
  };
}

/** Headers hold no other characters. */
const ascii = (text: string) => text.replace(/[^\x20-\x7e]/g, '?');

function fateOf({ scenario }: Call): Fate | null {
  if (scenario === 'forbidden') {
    throw new ApiError(
      'moderated',
      'Your request was flagged by our content moderation system, as a result your request was denied and you were not charged.',
    );
  }
  return scenario === 'rate-limited' || scenario === 'server-error' ? null : scenario;
}
