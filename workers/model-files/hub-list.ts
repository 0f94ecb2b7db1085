import { HubError } from '../../src/model-files/errors';
import { deniedError, hostOf } from '../../src/model-files/http-source';
import {
  type HubRequest,
  nextPage,
  parseTree,
  type RemoteFile,
  remoteFiles,
  type TreeEntry,
  treeUrl,
} from '../../src/model-files/hub';

/** A repository has a few dozen files, and a page of the list a thousand. */
const MOST_PAGES = 20;

/**
 * The wanted files of a repository, by the hub's list where the host has one.
 *
 * @throws HubError
 */
export async function listHub(request: HubRequest): Promise<readonly RemoteFile[]> {
  const entries: TreeEntry[] = [];
  let url: string | undefined = treeUrl(request);
  for (let page = 0; url !== undefined && page < MOST_PAGES; page++) {
    const response = await ask(url, request);
    const part = response && parseTree(await response.text());
    if (!response || !part) return remoteFiles(request, undefined);
    entries.push(...part);
    url = nextPage(response.headers.get('Link'), request);
  }
  return remoteFiles(request, entries);
}

/** @returns undefined if the host has no such list */
async function ask(url: string, { base, repo, revision, token }: HubRequest): Promise<Response | undefined> {
  const host = hostOf(base);
  const response = await fetch(url, {
    ...(token && { headers: { Authorization: `Bearer ${token}` } }),
    cache: 'no-store',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  }).catch(() => {
    throw new HubError(`${host} cannot be reached. Check the address and the connection, then try again.`);
  });
  if (response.ok) return response;
  const { status } = response;
  if (status === 401 || status === 403) throw deniedError(host, repo, token !== undefined, status);
  if (status === 429 || status >= 500)
    throw new HubError(`${host} is busy or out of order (${status}). Try again in a minute.`);
  if (response.headers.has('X-Error-Code')) {
    throw new HubError(`${host} has no ${repo} at ${revision} (${status}). Check the repository and the revision.`);
  }
  return undefined;
}
