import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import type { HubRequest } from '../workers/model-files/api';
import { test as base, expect } from './fixtures';
import { REPO, REVISION, type TestHub } from './hub';
import type {} from './pages/model-files';
import { Profile } from './profile';

const WEIGHTS = 'unet/weights.safetensors';
const CONFIG = 'unet/config.json';
/** What an interruption may cost, in bytes. */
const COST = 16_000_000;

/** Playwright's pages keep their storage in memory; what outlives a browser, or has a quota, needs a profile on disk. */
const test = base.extend<{ profile: Profile }>({
  profile: async ({ pageUrl }, use, { project }) => {
    const profile = await Profile.create(project.use.launchOptions ?? {}, pageUrl('model-files'));
    await use(profile);
    await profile.remove();
  },
});

test.beforeEach(async ({ page, pageUrl }) => {
  await page.goto(pageUrl('model-files'));
});

test.describe('a download', () => {
  test('arrives whole and verified, and every byte is the hub’s', async ({ page, hub }) => {
    fill(hub, 20_000_000);
    const model = await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));

    expect(model).toMatchObject({ id: 'svd', title: 'Tiny SVD', state: 'verified' });
    expect(model.files.find(({ path }) => path === WEIGHTS)).toEqual({
      path: WEIGHTS,
      bytes: 20_000_000,
      bytesHere: 20_000_000,
      where: 'browser',
      sha256: hub.sha256(WEIGHTS),
    });
    expect(await page.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
    const [listed] = await page.evaluate(() => modelFilesPage.listModels());
    expect(listed).toMatchObject({ state: 'verified', lastUsedAt: expect.any(Number) });
  });

  test('shows its token to the hub and never to the store, and asks the store nothing beforehand', async ({
    page,
    hub,
  }) => {
    fill(hub, 100_000);
    hub.gated = true;
    await page.evaluate((it) => modelFilesPage.downloadAll(it), { ...requestTo(hub), token: 'hf_friend' });

    const asked = (host: string, method: string) => hub.asked.filter((it) => it.host === host && it.method === method);
    const unsigned = { authorization: undefined, range: 'bytes=0-' };
    expect(asked('store', 'OPTIONS')).toEqual([]);
    expect(asked('store', 'GET')).toMatchObject([unsigned, unsigned]);
    expect(new Set(asked('hub', 'GET').map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer hf_friend']),
    );
  });

  test('survives a bad network: drops, expired links, other lengths, no ranges, a changed ETag', async ({
    page,
    hub,
  }) => {
    fill(hub, 4_000_000);
    hub.faults = [
      { kind: 'drop', afterBytes: 1_000_000 },
      { kind: 'link expired' },
      { kind: 'short', bytes: 500_000 },
      { kind: 'wrong total' },
      { kind: 'no ranges' },
    ];
    await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
    expect(hub.faults).toEqual([]);
    expect(await page.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));

    await page.evaluate(() => modelFilesPage.deleteModel('svd'));
    hub.faults = [{ kind: 'drop', afterBytes: 1_000_000 }, { kind: 'busy' }, { kind: 'new etag' }];
    await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
    expect(hub.asked.slice(-2)).toMatchObject([
      { host: 'hub', range: 'bytes=0-' },
      { host: 'store', range: 'bytes=0-' },
    ]);
    expect(await page.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
  });

  test('that arrives damaged is told and deleted, and the next one is right', async ({ page, hub }) => {
    fill(hub, 100_000);
    hub.faults = [{ kind: 'flipped bit', at: 54_321 }];
    const download = (it: HubRequest) => modelFilesPage.failure(modelFilesPage.downloadAll(it));
    expect(await page.evaluate(download, requestTo(hub))).toEqual({
      name: 'HubError',
      message: expect.stringMatching(
        /^unet\/weights\.safetensors arrived damaged: its SHA-256 is \w{64}, not \w{64}\. /,
      ),
    });
    const [partial] = await page.evaluate(() => modelFilesPage.listModels());
    expect(partial?.state).toBe('partial');
    await expectNotWhole(page);
    expect(await page.evaluate(download, requestTo(hub))).toEqual({ name: 'none', message: '' });
  });

  test('can be stopped, and goes on where it was', async ({ page, hub }) => {
    fill(hub, 3_000_000);
    hub.holdAt = 2_000_000;
    const stopped = page.evaluate((it) => modelFilesPage.failure(modelFilesPage.downloadAll(it)), requestTo(hub));
    await arrived(page, hub.holdAt);
    await page.evaluate(() => modelFilesPage.stop());
    expect(await stopped).toEqual({ name: 'AbortError', message: 'Stopped. What has arrived is kept.' });

    const [partial] = await page.evaluate(() => modelFilesPage.listModels());
    expect(partial).toMatchObject({ state: 'partial', files: expect.arrayContaining([bytesHere(WEIGHTS, 2_000_000)]) });
    await expectNotWhole(page);

    hub.holdAt = undefined;
    await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
    expect(resumedAt(hub)).toBe(2_000_000);
  });

  test('of a host that has no list of files knows no hashes, and still arrives', async ({ page, hub }) => {
    fill(hub, 100_000);
    hub.hasTree = false;
    const files = await page.evaluate((it) => modelFilesPage.listHub(it), requestTo(hub));
    expect(files).toEqual(
      [...hub.files.keys()].map((path) => ({ path, url: expect.stringContaining(`/resolve/${REVISION}/${path}`) })),
    );
    await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
    expect(await page.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
  });

  const accounts = [
    {
      what: 'without a token',
      token: undefined,
      says: /does not give .* to everyone \(401\): accept the licence .* paste a read token\.$/,
    },
    { what: 'with a wrong token', token: 'hf_wrong', says: /does not know this token \(401\): accept the licence/ },
    {
      what: 'of an account without the licence',
      token: 'hf_stranger',
      says: /does not let the account of this token read it \(403\): accept the licence/,
    },
  ];
  for (const { what, token, says } of accounts) {
    test(`of a gated model ${what} is refused with what to do, and the token opens it later`, async ({ page, hub }) => {
      fill(hub, 20_000);
      const files = await page.evaluate((it) => modelFilesPage.listHub(it), requestTo(hub));
      hub.gated = true;
      const request = { ...requestTo(hub), ...(token && { token }) };
      const refused = { name: 'HubError', message: expect.stringMatching(says) };
      expect(await page.evaluate((it) => modelFilesPage.failure(modelFilesPage.listHub(it)), request)).toEqual(refused);
      const download = { id: 'svd', title: 'Tiny SVD', files, ...(token && { token }) };
      expect(await page.evaluate((it) => modelFilesPage.failure(modelFilesPage.download(it)), download)).toEqual(
        refused,
      );
      const model = await page.evaluate((it) => modelFilesPage.download(it), { ...download, token: 'hf_friend' });
      expect(model.state).toBe('verified');
    });
  }
});

test.describe('what was begun', () => {
  test('in a tab that was closed goes on in the next one', async ({ page, context, pageUrl, hub }) => {
    fill(hub, 40_000_000);
    const begun = hub.files.get(WEIGHTS)?.length ?? 0;
    hub.holdAt = 30_000_000;
    void page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub)).catch(() => {});
    await arrived(page, hub.holdAt);
    await page.close();

    hub.holdAt = undefined;
    const next = await context.newPage();
    await next.goto(pageUrl('model-files'));
    const [partial] = await next.evaluate(() => modelFilesPage.listModels());
    expect(partial?.state).toBe('partial');
    await next.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
    expect(resumedAt(hub)).toBeGreaterThanOrEqual(30_000_000 - COST);
    expect(resumedAt(hub)).toBeLessThan(begun);
    expect(await next.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
  });

  test('in a browser that was killed goes on in the next one', async ({ profile, hub }) => {
    fill(hub, 60_000_000);
    hub.holdAt = 50_000_000;
    const first = await profile.start();
    void first.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub)).catch(() => {});
    await arrived(first, hub.holdAt);
    await profile.kill();

    hub.holdAt = undefined;
    const second = await profile.start();
    await second.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
    expect(resumedAt(hub)).toBeGreaterThanOrEqual(50_000_000 - COST);
    expect(await second.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
  });
});

test('a second tab is told that a model is being added, and may add another', async ({
  page,
  context,
  pageUrl,
  hub,
}) => {
  fill(hub, 3_000_000);
  hub.holdAt = 1_000_000;
  const first = page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
  await arrived(page, hub.holdAt);

  const second = await context.newPage();
  await second.goto(pageUrl('model-files'));
  const busy = {
    name: 'BusyError',
    message:
      'Something is already at work on this model, here or in another tab. Wait until it is done, or stop it there.',
  };
  const imports = (id: string) => modelFilesPage.failure(modelFilesPage.importBytes(id, 'unet/config.json', 1000));
  expect(await second.evaluate(imports, 'svd')).toEqual(busy);
  expect(await second.evaluate(() => modelFilesPage.failure(modelFilesPage.deleteModel('svd')))).toEqual(busy);
  expect(await second.evaluate(imports, 'other')).toEqual({ name: 'none', message: '' });

  hub.holdAt = undefined;
  expect((await first).state).toBe('verified');
  expect(await page.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
});

test('two tabs that import the same file at once end with one whole model', async ({ page, context, pageUrl }) => {
  const second = await context.newPage();
  await second.goto(pageUrl('model-files'));
  const imports = () =>
    modelFilesPage.failure(modelFilesPage.importBytes('mine', 'unet/weights.safetensors', 30_000_000));
  const ends = await Promise.all([page.evaluate(imports), second.evaluate(imports)]);
  const names = ends.map(({ name }) => name);
  expect(names).toContain('none');
  expect(['none', 'BusyError']).toEqual(expect.arrayContaining(names));
  expect(await second.evaluate(() => modelFilesPage.listModels())).toMatchObject([{ id: 'mine', state: 'verified' }]);
});

test('a model for which there is no room is refused before anything is fetched, with how much is missing', async ({
  profile,
  hub,
}) => {
  const page = await profile.start();
  fill(hub, 12_000_000);
  const session = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 5_000_000 });
  const refused = {
    name: 'QuotaError',
    message: expect.stringMatching(
      /^The model needs 13 MB more, and the browser has room for \d+ MB: \d+ MB are missing\. /,
    ),
  };
  expect(await page.evaluate((it) => modelFilesPage.failure(modelFilesPage.downloadAll(it)), requestTo(hub))).toEqual(
    refused,
  );
  expect(hub.asked.filter(({ host }) => host === 'store')).toEqual([]);
  const imports = () =>
    modelFilesPage.failure(modelFilesPage.importBytes('mine', 'unet/weights.safetensors', 12_500_000));
  expect(await page.evaluate(imports)).toEqual(refused);

  await session.send('Storage.overrideQuotaForOrigin', { origin });
  expect(await page.evaluate(imports)).toEqual({ name: 'none', message: '' });
  await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
  expect(await page.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
});

test('a bit that flips in a stored file is found: the model is not opened, and a download mends it', async ({
  profile,
  hub,
}) => {
  const page = await profile.start();
  fill(hub, 2_000_000);
  await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
  await page.evaluate((path) => modelFilesPage.flipBit('svd', path, 1_234_567), WEIGHTS);

  const [touched] = await page.evaluate(() => modelFilesPage.listModels());
  expect(touched).toMatchObject({
    state: 'broken',
    fault: `${WEIGHTS} has been touched since it was verified. Verify the model, and every byte is compared.`,
  });
  const fault = `${WEIGHTS} is not what it was when it was added. Add the model again.`;
  expect(await page.evaluate(() => modelFilesPage.failure(modelFilesPage.openHashes('svd')))).toEqual({
    name: 'FileChangedError',
    message: fault,
  });
  expect(await page.evaluate(() => modelFilesPage.verify('svd'))).toMatchObject({ state: 'broken', fault });

  await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
  expect(await page.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
});

test('a file that was only touched is read again, and is right', async ({ profile, hub }) => {
  const page = await profile.start();
  fill(hub, 2_000_000);
  await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
  for (let times = 0; times < 2; times++)
    await page.evaluate((path) => modelFilesPage.flipBit('svd', path, 99), WEIGHTS);
  expect(await page.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
  expect(await page.evaluate(() => modelFilesPage.listModels())).toMatchObject([{ state: 'verified' }]);
});

test('storage that was cleared behind the page’s back is told, and can be filled again', async ({ page, hub }) => {
  fill(hub, 100_000);
  await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
  const session = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'file_systems' });
  const [model] = await page.evaluate(() => modelFilesPage.listModels());
  expect(model).toMatchObject({
    state: 'broken',
    fault: expect.stringMatching(/^unet\/\S+ is no longer there\. Add the model again\.$/),
  });
  expect(await page.evaluate(() => modelFilesPage.failure(modelFilesPage.openHashes('svd')))).toMatchObject({
    name: 'FileChangedError',
  });
  await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));

  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  expect(await page.evaluate(() => modelFilesPage.listModels())).toEqual([]);
  await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
  expect(await page.evaluate(() => modelFilesPage.openHashes('svd'))).toEqual(hashesOf(hub));
});

test('a model that is deleted leaves nothing', async ({ page, hub }) => {
  fill(hub, 100_000);
  await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
  await page.evaluate(() => modelFilesPage.deleteModel('svd'));
  expect(await page.evaluate(() => modelFilesPage.listModels())).toEqual([]);
  expect(await page.evaluate(() => modelFilesPage.failure(modelFilesPage.openHashes('svd')))).toEqual({
    name: 'NotWholeError',
    message: 'This model is no longer here: its files were deleted, or the site’s storage was cleared. Add it again.',
  });
});

test('files whose place others take leave the model, whole or broken', async ({ page, hub }) => {
  fill(hub, 100_000);
  await page.evaluate((it) => modelFilesPage.downloadAll(it), requestTo(hub));
  const model = await page.evaluate(
    (path) => modelFilesPage.importInstead('svd', 'unet/new.safetensors', [path, 'unet/new.safetensors']),
    WEIGHTS,
  );
  expect(model.state).toBe('verified');
  const opened = await page.evaluate(() => modelFilesPage.openHashes('svd'));
  expect(Object.keys(opened).sort()).toEqual([CONFIG, 'unet/new.safetensors', 'vae/weights.safetensors']);
});

test('a file used where it lies is read once, and refused when it has changed or gone', async ({ page }) => {
  await page.evaluate(() => modelFilesPage.writeOwn('mine.safetensors', 1_000_000, 1));
  const model = await page.evaluate(() => modelFilesPage.importOwn('mine', 'mine.safetensors', 'mine.safetensors'));
  expect(model).toMatchObject({
    state: 'verified',
    files: [{ where: 'disk', bytes: 1_000_000, sha256: expect.any(String) }],
  });
  expect(await page.evaluate(() => modelFilesPage.handleNames('mine'))).toEqual(['mine.safetensors']);
  expect(Object.keys(await page.evaluate(() => modelFilesPage.openHashes('mine')))).toEqual(['mine.safetensors']);

  const opening = () => modelFilesPage.failure(modelFilesPage.openHashes('mine'));
  const remedy = 'Put it back as it was and verify the model, or add it again.';
  await page.evaluate(() => modelFilesPage.writeOwn('mine.safetensors', 1_000_000, 2));
  expect(await page.evaluate(opening)).toEqual({
    name: 'FileChangedError',
    message: `mine.safetensors is not what it was when it was added. ${remedy}`,
  });

  await page.evaluate(() => modelFilesPage.writeOwn('mine.safetensors', 1_000_000, 1));
  expect((await page.evaluate(() => modelFilesPage.verify('mine'))).state).toBe('verified');

  await page.evaluate(() => modelFilesPage.writeOwn('mine.safetensors', 999, 1));
  expect(await page.evaluate(opening)).toEqual({
    name: 'FileChangedError',
    message: `mine.safetensors has 999 bytes now, not 1000000. ${remedy}`,
  });

  await page.evaluate(() => modelFilesPage.removeOwn('mine.safetensors'));
  expect(await page.evaluate(opening)).toEqual({
    name: 'FileChangedError',
    message: `mine.safetensors is no longer there. ${remedy}`,
  });
  expect(await page.evaluate(() => modelFilesPage.listModels())).toMatchObject([
    { state: 'broken', files: [{ bytesHere: 0 }] },
  ]);
});

test('a file of the disk is used where it lies, while it is what it was and the browser may read it', async ({
  profile,
}, testInfo) => {
  const page = await profile.start();
  const path = testInfo.outputPath('mine.safetensors');
  await writeFile(path, randomBytes(100_000));
  await drop(page, path);
  const model = await page.evaluate(() => modelFilesPage.importDropped('mine', 'mine.safetensors'));
  expect(model).toMatchObject({ state: 'verified', files: [{ where: 'disk', bytes: 100_000 }] });
  const opening = () => modelFilesPage.failure(modelFilesPage.openHashes('mine'));
  expect(await page.evaluate(opening)).toEqual({ name: 'none', message: '' });

  const bytes = await readFile(path);
  bytes[50_000] = (bytes[50_000] as number) ^ 1;
  await writeFile(path, bytes);
  expect(await page.evaluate(opening)).toMatchObject({ name: 'FileChangedError' });

  await profile.kill();
  const next = await profile.start();
  expect(await next.evaluate(() => modelFilesPage.listModels())).toMatchObject([{ state: 'broken' }]);
  expect(await next.evaluate(opening)).toEqual({
    name: 'PermissionError',
    message: 'The browser asks you again before this page may read mine.safetensors. Allow it, then try again.',
  });
  await drop(next, path);
  const again = await next.evaluate(() => modelFilesPage.importDropped('mine', 'mine.safetensors'));
  expect(again.state).toBe('verified');
  expect(await next.evaluate(opening)).toEqual({ name: 'none', message: '' });
});

/** Lets a file of the disk go over the page, as a hand would. */
async function drop(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 50, y: 50, data });
  }
  await session.detach();
}

/** Three files: two in the store, one that the hub hands out itself. */
function fill(hub: TestHub, bytes: number): void {
  hub.add(CONFIG, 700);
  hub.add(WEIGHTS, bytes);
  hub.add('vae/weights.safetensors', 50_000);
}

const requestTo = (hub: TestHub): HubRequest => ({
  base: hub.base,
  repo: REPO,
  revision: REVISION,
  files: [...hub.files.keys()].map((path) => ({ from: path, path })),
});

const hashesOf = (hub: TestHub) => Object.fromEntries([...hub.files.keys()].map((path) => [path, hub.sha256(path)]));

const bytesHere = (path: string, bytes: number) => expect.objectContaining({ path, bytesHere: bytes });

/** Waits until so many bytes of the largest file are there. */
async function arrived(page: Page, bytes: number): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => modelFilesPage.doneBytes()), { timeout: 60_000 })
    .toBeGreaterThanOrEqual(bytes);
}

/** From which byte the store was last asked to go on. */
function resumedAt(hub: TestHub): number {
  const ranges = hub.asked
    .filter(({ host }) => host === 'store')
    .map(({ range }) => Number(/\d+/.exec(range ?? '')?.[0]));
  return Math.max(...ranges);
}

async function expectNotWhole(page: Page): Promise<void> {
  expect(await page.evaluate(() => modelFilesPage.failure(modelFilesPage.openHashes('svd')))).toMatchObject({
    name: 'NotWholeError',
  });
}
