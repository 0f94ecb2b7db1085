import { expect, test } from 'vitest';
import { type Answer, type OpenApi, ownContract, stabilityContract } from '../../reference/api/contract';
import { InMemoryApi } from '../../reference/api/in-memory';

const contract = stabilityContract();
const id = '0'.repeat(64);
const answer = (over: Partial<Answer>): Answer => ({
  method: 'GET',
  pathname: `/v2beta/image-to-video/result/${id}`,
  status: 202,
  type: 'application/json',
  json: { id, status: 'in-progress', progress: 0.5 },
  ...over,
});

test('the contract passes what is right', () => {
  expect(contract.faults(answer({}))).toEqual([]);
});

test.each([
  ['a field that is missing', { json: { id, status: 'in-progress' } }, 'progress'],
  ['a field too many', { json: { id, status: 'in-progress', progress: 0.5, eta: 3 } }, 'unevaluated'],
  ['a wrong type', { json: { id: 7, status: 'in-progress', progress: 0.5 } }, 'must be string'],
  ['a field out of range', { json: { id, status: 'in-progress', progress: 2 } }, '<= 1'],
  ['a status it does not know', { status: 418 }, 'may not answer 418'],
  ['a content type it does not know', { type: 'text/html' }, 'text/html'],
  ['a path it does not know', { pathname: '/v2beta/video-to-image' }, 'not in the document'],
  ['an error without its message', { status: 404, json: { id: '0'.repeat(32), name: 'x', errors: ['x'] } }, 'message'],
  [
    'an unknown reason to finish',
    { status: 200, json: { video: '', finish_reason: 'DONE', seed: 1 } },
    'allowed values',
  ],
])('the contract notices %s', (_, over, fault) => {
  expect(contract.faults(answer(over)).join()).toMatch(fault);
});

test('the API’s own document notices the same', async () => {
  const own = await ownContract(new InMemoryApi().fetch);
  expect(own.faults(answer({}))).toEqual([]);
  expect(own.faults(answer({ json: { id, status: 'in-progress' } })).join()).toMatch('progress');
  expect(own.faults(answer({ json: { id, status: 'in-progress', progress: 0.5, eta: 3 } })).join()).toMatch(
    'additional',
  );
});

test('the API’s own document takes in all paths and methods of the specification, with its fields and ranges', async () => {
  const own = (await ownContract(new InMemoryApi().fetch)).document;
  for (const [path, item] of Object.entries(contract.document.paths)) {
    expect(Object.keys(own.paths[path] ?? {})).toEqual(Object.keys(item));
  }
  const { properties, required } = bodyOf(own);
  const specified = (contract.document as unknown as { components: { schemas: Record<string, Schema> } }).components
    .schemas.ImageToVideoRequest as Schema;
  expect(Object.keys(properties)).toEqual(Object.keys(specified.properties));
  expect(required).toEqual(specified.required);
  for (const [name, { description: _, ...schema }] of Object.entries(specified.properties)) {
    expect(properties[name]).toMatchObject(schema);
  }
});

interface Schema {
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
  readonly required: readonly string[];
}

function bodyOf({ paths }: OpenApi): Schema {
  const operation: unknown = paths['/v2beta/image-to-video']?.post;
  const { requestBody } = operation as { requestBody: { content: Record<string, { schema: Schema }> } };
  return requestBody.content['multipart/form-data']?.schema as Schema;
}
