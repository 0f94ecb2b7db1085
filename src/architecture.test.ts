import { readdirSync, readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { dirname, join } from 'node:path/posix';
import { expect, test } from 'vitest';

/** The house, from the cellar to the roof. Imports point down, never up; rooms on one floor ignore each other. */
const FLOORS: readonly (readonly string[])[] = [
  ['src/tensor'],
  ['src/onnx', 'src/safetensors', 'src/random', 'src/model-files'],
  ['src/nn'],
  ['src/models', 'src/schedulers', 'src/processors'],
  ['src/checkpoints', 'src/pipelines'],
  ['src/api', 'src/database'],
  ['src/clients', 'workers/inference', 'workers/encoder', 'workers/model-files'],
  ['src/store'],
  ['src/app'],
  ['src/main.tsx'],
];

/** Each heavy library has one door. A package that is not here is not ours to use yet: add its line, and why. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  react: ['src/app', 'src/main.tsx'],
  'react-dom': ['src/app', 'src/main.tsx'],
  // The store is the door; app uses its hook.
  zustand: ['src/store', 'src/app'],
  comlink: ['src/clients', 'workers/inference', 'workers/encoder', 'workers/model-files'],
  'onnxruntime-web': ['workers/inference'],
  // Checks config.json files, the journals of downloads and the bodies of requests: damaged, or made by strangers.
  zod: ['src/models', 'src/checkpoints', 'src/model-files', 'src/api'],
  // Routes of the mirrored REST APIs, from Request to Response.
  hono: ['src/api'],
  // Reads a picture's header, to refuse it before the browser decodes it.
  'image-size': ['src/processors'],
  // Records of models, and handles of files on disk, in IndexedDB; and those of REST jobs, which the page itself answers.
  idb: ['src/database'],
  // SHA-256 while it streams, in wasm; its state can be kept and resumed.
  'hash-wasm': ['workers/model-files'],
  '@ffmpeg/ffmpeg': ['workers/encoder'],
  '@ffmpeg/core': ['workers/encoder'],
};

const root = join(import.meta.dirname, '..');

test('every import points down and goes through its door', () => {
  const complaints = sources().flatMap((file) =>
    importsOf(readFileSync(join(root, file), 'utf8')).flatMap(({ from, typeOnly }) => {
      const reason = complaint(file, from, typeOnly);
      return reason ? [`${file} imports ${from}: ${reason}`] : [];
    }),
  );
  expect(complaints).toEqual([]);
});

test('the table tells what is wrong', () => {
  expect(complaint('src/nn/linear.ts', '../onnx/ops', false)).toBeUndefined();
  expect(complaint('src/nn/linear.ts', '../models/unet', true)).toMatch('imports point down');
  expect(complaint('src/models/unet.ts', '../schedulers/euler', true)).toMatch('ignore each other');
  expect(complaint('src/models/unet.ts', 'onnxruntime-web/jspi', false)).toMatch('its door is workers/inference');
  expect(complaint('src/store/generation.ts', '../../workers/inference/api', true)).toBeUndefined();
  expect(complaint('src/store/generation.ts', '../../workers/inference/api', false)).toMatch('import type');
  expect(complaint('src/store/generation.ts', '../../workers/inference/session', true)).toMatch('only its api');
  expect(complaint('src/pipelines/settings.ts', '../../workers/inference/api', true)).toMatch('imports point down');
  expect(complaint('src/utils/text.ts', '../tensor/tensor', false)).toMatch('no floor');
});

test('every form of import is seen', () => {
  const code = `import './app.css';
import type { A } from './a';
import B, {
  type C,
} from './b';
export * from './c';
export type { D } from './d';
const e = await import('./e');
const text = "not an import from 'f'";`;
  expect(importsOf(code)).toEqual([
    { from: './app.css', typeOnly: false },
    { from: './a', typeOnly: true },
    { from: './b', typeOnly: false },
    { from: './c', typeOnly: false },
    { from: './d', typeOnly: true },
    { from: './e', typeOnly: false },
  ]);
});

/** Why `file` may not import `from`; undefined if it may. */
function complaint(file: string, from: string, typeOnly: boolean): string | undefined {
  const room = roomOf(file);
  if (floorOf(room) < 0) return `${room} has no floor; give it one in the table of src/architecture.test.ts.`;
  if (!from.startsWith('.')) return doorComplaint(room, from);

  const target = join(dirname(file), from);
  const other = roomOf(target);
  if (room === other) return;
  if (floorOf(other) < 0) return `${other} has no floor; give it one in the table of src/architecture.test.ts.`;
  if (other.startsWith('workers/') && floorOf(room) >= floorOf(other))
    return contractComplaint(other, target, typeOnly);
  if (floorOf(room) < floorOf(other)) return `imports point down, and ${other} lies above ${room}.`;
  if (floorOf(room) === floorOf(other)) return `rooms on one floor ignore each other; let a room above pass it in.`;
  return;
}

function doorComplaint(room: string, from: string): string | undefined {
  const name =
    from
      .split('?')[0]
      ?.split('/')
      .slice(0, from.startsWith('@') ? 2 : 1)
      .join('/') ?? from;
  const doors = DOORS[name];
  if (!doors) return `${name} has no door; add it to the table of src/architecture.test.ts, or do without.`;
  if (!doors.includes(room)) return `each heavy library has one door, and its door is ${doors.join(' or ')}.`;
  return;
}

/** A worker is a thread of its own: importing its code would run it on the importer's thread. */
function contractComplaint(worker: string, target: string, typeOnly: boolean): string | undefined {
  if (target !== `${worker}/api`) return `a worker's code stays in its worker; only its api may be imported.`;
  if (!typeOnly) return `a worker's api is a contract of types; write \`import type\`.`;
  return;
}

/** src/app/panel.tsx lies in src/app; a file directly in src is a room by itself. */
const roomOf = (path: string) => path.split('/').slice(0, 2).join('/');

const floorOf = (room: string) => FLOORS.findIndex((rooms) => rooms.includes(room));

function sources(): string[] {
  return ['src', 'workers']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /(?<!\.test|\.d)\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

function importsOf(code: string): { from: string; typeOnly: boolean }[] {
  const statement = /^(?:import|export)( type)?\b(?:[^'";]*? from)? '([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...code.matchAll(statement)].map(([, type, from, dynamic]) => ({
    from: from ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }));
}
