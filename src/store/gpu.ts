/** Clips, and the opening of another model, take the GPU in turns: the user's own and those that REST clients ask for. */

interface Turn {
  readonly who: 'user' | 'api';
  /** Never rejects. */
  readonly ended: Promise<unknown>;
}

let current: Turn | undefined;

/** Waits until the GPU is free, and has it until the job ends. */
export async function inGpuTurn<T>(who: Turn['who'], job: () => Promise<T>): Promise<T> {
  while (current) await current.ended;
  const result = job();
  const turn: Turn = { who, ended: result.catch(() => {}) };
  current = turn;
  try {
    return await result;
  } finally {
    current = undefined;
  }
}

/**
 * The user does not wait behind REST clients without being told.
 *
 * @throws Error if a clip of theirs is being made
 */
export function checkGpuFree(): void {
  if (current?.who !== 'api') return;
  throw new Error(
    'A clip that was asked for by REST is being made; the API page shows it. Wait until it is done, then try again.',
  );
}
