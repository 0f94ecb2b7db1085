import { z } from 'zod';
import { HubError } from './errors';
import { checkAddress, hostOf } from './http-source';
import { checkPath } from './names';

/** The layout of Hugging Face, which mirrors share: where a repository's files and their list are found. */

/** Where a model lies on a hub: Hugging Face, or any host of the same layout. */
export interface HubRequest {
  /** The host's address: "https://huggingface.co". */
  readonly base: string;
  /** "stabilityai/stable-video-diffusion-img2vid-xt". */
  readonly repo: string;
  /** A commit; a branch or tag may move under a download. */
  readonly revision: string;
  /** Paths in the repository, and the paths they get in the model's folder. */
  readonly files: readonly { readonly from: string; readonly path: string }[];
  /** For the `Authorization` header; never stored. */
  readonly token?: string;
}

/** A file of a model on a hub, or behind any address of the same layout. */
export interface RemoteFile {
  readonly path: string;
  /** Where it is fetched from; it may redirect to another origin. */
  readonly url: string;
  /** Bytes and SHA-256 (64 hex digits) where the hub tells them; what arrives must match. */
  readonly size?: number;
  readonly sha256?: string;
}

/** An entry of the tree; large files are in LFS, whose `oid` is their SHA-256. Others' `oid` is git's own hash. */
const treeEntry = z.object({
  type: z.string(),
  path: z.string(),
  size: z.int().min(0).optional(),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().min(0) }).optional(),
});
export type TreeEntry = z.infer<typeof treeEntry>;

/** The address of the first page of a repository's list of files. @throws HubError if `base` is no address */
export function treeUrl({ base, repo, revision }: HubRequest): string {
  checkAddress(base);
  return `${rooted(base)}/api/models/${escaped(repo)}/tree/${encodeURIComponent(revision)}?recursive=true`;
}

/** @returns undefined if the text is no such list: the host has none */
export function parseTree(text: string): readonly TreeEntry[] | undefined {
  try {
    return z.array(treeEntry).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The next page, where a `Link` header tells of one on the same host. Any other host would be handed the token. */
export function nextPage(link: string | null, { base }: HubRequest): string | undefined {
  const next = link?.match(/<([^>]+)>\s*;\s*rel="?next"?/)?.[1];
  return next?.startsWith(`${rooted(base)}/`) ? next : undefined;
}

/**
 * The files that are wanted, to be downloaded.
 *
 * @param tree of the repository; undefined where the host has no list, and only addresses are known
 * @throws HubError if the repository lacks one of them
 */
export function remoteFiles(request: HubRequest, tree: readonly TreeEntry[] | undefined): readonly RemoteFile[] {
  const { base, repo, revision } = request;
  return request.files.map(({ from, path }) => {
    checkPath(path);
    const url = `${rooted(base)}/${escaped(repo)}/resolve/${encodeURIComponent(revision)}/${escaped(from)}`;
    if (!tree) return { path, url };
    const entry = tree.find((each) => each.type === 'file' && each.path === from);
    if (!entry)
      throw new HubError(`${repo} at ${revision} on ${hostOf(base)} has no ${from}. Choose another revision.`);
    const size = entry.lfs?.size ?? entry.size;
    return { path, url, ...(size !== undefined && { size }), ...(entry.lfs && { sha256: entry.lfs.oid }) };
  });
}

const rooted = (base: string) => base.replace(/\/+$/, '');

const escaped = (path: string) => path.split('/').map(encodeURIComponent).join('/');
