import type { Settings } from '../pipelines/settings';

/** Which of the mirrored services a job was asked from; only that one finds it again. */
export type Face = 'stability' | 'generations' | 'videos';

/** What a job is asked to suffer, for people who rehearse their client's bad days. */
export type Fate = 'content-filtered' | 'slow' | 'expired';

/** One clip that a client asked for: everything but its bytes. Plain data, so that IndexedDB can keep it. */
export interface Job {
  /** 64 hex digits; on the OpenAI-style faces behind their own prefix. */
  readonly id: string;
  readonly face: Face;
  /** The key that asked, by its id: others do not find the job. */
  readonly keyId: string;
  /** Lets whoever holds the clip's address read it without a key, as signed addresses of real services do. */
  readonly signature: string;
  readonly status: 'queued' | 'in_progress' | 'completed' | 'failed';
  /** 0 to 1. */
  readonly progress: number;
  /** Of the model that makes the clip. */
  readonly modelId: string;
  /** What the clip is really made with, its seed among them. */
  readonly settings: Settings;
  /** What the client asked for where that is given back as it came: model, prompt, size, seconds. */
  readonly asked: {
    readonly model: string;
    readonly prompt: string | null;
    readonly size: string;
    readonly seconds: string;
  };
  /** Sentences on what was not done as asked: a size mapped, a prompt not read. */
  readonly warnings: readonly string[];
  readonly fate: Fate | null;
  /** What the clip would have cost on the real service, in dollars. */
  readonly dollars: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly completedAt: number | null;
  /** When the clip is thrown away; null while it is not finished, and where clips are kept for ever. */
  readonly expiresAt: number | null;
  /** Size of the MP4; 0 while there is none, and when it was thrown away. */
  readonly bytes: number;
  /** Why there is no clip, in a sentence. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export const isFinished = ({ status }: Job): boolean => status === 'completed' || status === 'failed';

export const isExpired = ({ expiresAt }: Job, now: number): boolean => expiresAt !== null && expiresAt <= now;
