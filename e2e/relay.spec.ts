import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { BufferSource, Input, MP4 } from 'mediabunny';
import { photograph, png } from './pictures';
import { hasProgram, runProgram, StartedApp } from './rest-server';

/** The examples of VoltageGPU's page, word for word. */
const CURL = `curl -X POST https://api.voltagegpu.com/v1/video/generations \\
-H "Content-Type: application/json" \\
-H "Authorization: Bearer YOUR_VOLTAGE_API_KEY" \\
-d '{
"model": "stabilityai/stable-video-diffusion-img2vid-xt-1-1",
"prompt": "A cat sitting on a windowsill watching rain fall outside, gentle motion",
"num_frames": 25,
"fps": 8,
"width": 1024,
"height": 576
}'`;

/** The other example, with Python's own library in the place of `requests`, fewer frames and fewer steps. */
const PYTHON = `
import json, sys, urllib.request
url = "https://api.voltagegpu.com/v1/video/generations"
headers = {
"Authorization": "Bearer YOUR_VOLTAGE_API_KEY",
"Content-Type": "application/json"
}
request = urllib.request.Request(url, headers=headers, data=json.dumps({
"model": "stabilityai/stable-video-diffusion-img2vid-xt-1-1",
"prompt": "A cat sitting on a windowsill watching rain fall outside, gentle motion",
"num_frames": 14,
"num_inference_steps": 1,
"fps": 8,
"width": 768,
"height": 768
}).encode())
response = json.load(urllib.request.urlopen(request))
video_url = response["data"][0]["url"]
urllib.request.urlretrieve(video_url, sys.argv[1])
print(f"Generated video: {video_url}")
`;

let app: StartedApp;
let context: BrowserContext;
let page: Page;
let key: string;
let folder: string;

test.describe.configure({ mode: 'serial' });

test.beforeAll(async ({ browser }) => {
  folder = mkdtempSync(join(tmpdir(), 'stillmotion-rest-'));
  app = await StartedApp.start();
  context = await browser.newContext();
});
test.afterAll(async () => {
  await context?.close();
  await app?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const openTab = async () => {
  const tab = await context.newPage();
  await tab.goto(`${app.origin}/?backend=wasm#api`);
  return tab;
};
const answers = (tab: Page) => expect(tab.getByRole('heading', { name: 'This tab answers' })).toBeVisible();

/** An example as its reader would run it: with another host and key, and nothing else changed. */
const ours = (example: string) =>
  example.replace('https://api.voltagegpu.com', app.origin).replace('YOUR_VOLTAGE_API_KEY', key);

const ask = (path: string, authorization = `Bearer ${key}`) => fetch(app.origin + path, { headers: { authorization } });

/** What is in an MP4: its codec, size in pixels, frames, and frames per second. */
async function contents(mp4: Uint8Array) {
  const video = await new Input({ source: new BufferSource(mp4), formats: [MP4] }).getPrimaryVideoTrack();
  const stats = await video?.computePacketStats();
  return [video?.codec, video?.displayWidth, video?.displayHeight, stats?.packetCount, stats?.averagePacketRate];
}

test('as long as no tab is open, programs are told to open one', async () => {
  key = 'any';
  const response = await ask('/v1/models');
  expect(response.status).toBe(503);
  expect((await response.json()).error.message).toBe(
    `No tab of Stillmotion is open to answer. Open ${app.origin}/ in Chrome or Edge, and leave it open.`,
  );
});

test('the API page tells that its tab answers, and the key', async () => {
  page = await openTab();
  await answers(page);
  key = await page.getByLabel('Key', { exact: true }).inputValue();
  expect(key).toMatch(/^sk-stillmotion-[\da-f]{48}$/);
});

test('VoltageGPU’s own curl command makes a clip', async () => {
  const { code, stdout } = await runProgram('sh', ['-c', ours(CURL)]);
  expect(code).toBe(0);
  const { created, data, warnings } = JSON.parse(stdout);
  expect(Math.abs(Date.now() / 1000 - created)).toBeLessThan(600);
  expect(data).toHaveLength(1);
  expect(warnings.join(' ')).toMatch(/prompt was ignored.*1024x576 was mapped to 256x144/);

  const file = join(folder, 'curl.mp4');
  expect(await runProgram('curl', ['-sS', '-o', file, data[0].url])).toMatchObject({ code: 0, stderr: '' });
  expect(await contents(readFileSync(file))).toEqual(['avc', 256, 144, 25, 8]);

  // Players seek.
  const part = await fetch(data[0].url, { headers: { range: 'bytes=4-7' } });
  expect([part.status, await part.text()]).toEqual([206, 'ftyp']);
});

test('VoltageGPU’s Python example makes a clip', async () => {
  test.skip(!(await hasProgram('python3')), 'There is no python3 on this machine.');
  const file = join(folder, 'python.mp4');
  const { stdout, stderr } = await runProgram('python3', ['-', file], ours(PYTHON));
  expect(stderr).toBe('');
  expect(stdout).toMatch(`Generated video: ${app.origin}/v1/video/generations/`);
  expect(await contents(readFileSync(file))).toEqual(['avc', 192, 192, 14, 8]);
});

test('curl starts a clip at Stability’s path, polls, and fetches it; the page’s own button is told to wait', async () => {
  const picture = join(folder, 'picture.png');
  writeFileSync(picture, png('picture.png', photograph(1024, 576)).bytes);
  const curl = async (...args: string[]) => {
    const { stdout, stderr } = await runProgram('curl', ['-sS', '-H', `Authorization: Bearer ${key}`, ...args]);
    expect(stderr).toBe('');
    return stdout;
  };
  const start = `${app.origin}/v2beta/image-to-video`;
  const { id } = JSON.parse(await curl(start, '-F', `image=@${picture}`, '-F', 'seed=7', '-F', 'motion_bucket_id=100'));
  expect(id).toMatch(/^[\da-f]{64}$/);

  const file = join(folder, 'stability.mp4');
  const head = join(folder, 'head.txt');
  const poll = () =>
    curl(`${start}/result/${id}`, '-H', 'Accept: video/*', '-D', head, '-o', file, '-w', '%{http_code}');
  expect(await poll()).toBe('202');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ id, status: 'in-progress' });

  await page.getByRole('link', { name: 'Animate' }).click();
  await page.getByRole('button', { name: 'Lake at dusk' }).click();
  await page.getByRole('button', { name: 'Animate', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('A clip that was asked for by REST is being made');

  await expect.poll(poll, { timeout: 240_000, intervals: [2000] }).toBe('200');
  expect(readFileSync(head, 'utf8')).toMatch(/^finish-reason: SUCCESS\r$/im);
  expect(readFileSync(head, 'utf8')).toMatch(/^seed: 7\r$/im);
  expect(await contents(readFileSync(file))).toEqual(['avc', 256, 144, 14, 7]);
});

test('a wrong key, and a name that is not this machine’s, are refused', async () => {
  const wrong = await ask('/v1/models', 'Bearer sk-wrong');
  expect(wrong.status).toBe(401);
  expect((await wrong.json()).error.code).toBe('invalid_api_key');
  const balance = await ask('/v1/user/balance', 'Bearer sk-wrong');
  expect([balance.status, (await balance.json()).name]).toEqual([401, 'unauthorized']);

  const { hostname, port } = new URL(app.origin);
  const headers = { host: 'rebound.example.com', authorization: `Bearer ${key}` };
  const status = await new Promise((resolve) => {
    get({ host: hostname, port, path: '/v1/models', headers }, (response) => resolve(response.resume().statusCode));
  });
  expect(status).toBe(403);
});

test('pages of other local origins get no leave to read', async () => {
  const response = await fetch(`${app.origin}/v1/models`, {
    headers: { authorization: `Bearer ${key}`, origin: 'http://localhost:3000' },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
});

test('a second tab waits, and takes over when the first is closed', async () => {
  const { data } = await (await ask('/v1/models')).json();
  expect(data[0].id).toBe('svd-nano');
  const second = await openTab();
  await expect(second.getByRole('heading', { name: 'Another tab of this browser answers' })).toBeVisible();
  await expect(second.getByLabel('Key', { exact: true })).toHaveValue(key);
  await page.close();
  await answers(second);
  expect((await ask('/v1/models')).status).toBe(200);
  await expect(second.getByRole('region', { name: 'Last requests' })).toContainText('GET /v1/models');

  await second.getByRole('button', { name: 'New key' }).click();
  await expect(second.getByLabel('Key', { exact: true })).not.toHaveValue(key);
  expect((await ask('/v1/models')).status).toBe(401);
  await second.close();
  await expect.poll(async () => (await ask('/v1/models')).status).toBe(503);
});
