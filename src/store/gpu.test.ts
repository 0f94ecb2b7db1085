import { expect, test } from 'vitest';
import { checkGpuFree, inGpuTurn } from './gpu';

/** A job that ends when it is told to. */
function heldJob() {
  let end = () => {};
  const job = () =>
    new Promise<void>((resolve) => {
      end = resolve;
    });
  return { job, end: () => end() };
}

test('clips are made one after the other, whoever wants them, and one that fails lets the next begin', async () => {
  const order: string[] = [];
  const first = heldJob();
  const turns = [
    inGpuTurn('user', () => first.job().then(() => order.push('user'))),
    inGpuTurn('api', async () => {
      order.push('api');
      throw new Error('broken');
    }).catch(() => {}),
    inGpuTurn('api', async () => order.push('api again')),
  ];
  await Promise.resolve();
  expect(order).toEqual([]);
  first.end();
  await Promise.all(turns);
  expect(order).toEqual(['user', 'api', 'api again']);
});

test('while a REST client’s clip is made the user is told, and only then', async () => {
  const api = heldJob();
  expect(checkGpuFree).not.toThrow();
  const turn = inGpuTurn('api', api.job);
  expect(checkGpuFree).toThrow('asked for by REST');
  api.end();
  await turn;
  expect(checkGpuFree).not.toThrow();
  const user = heldJob();
  const own = inGpuTurn('user', user.job);
  expect(checkGpuFree).not.toThrow();
  user.end();
  await own;
});
