import { parseConfig, weightIndex } from '../models/config';
import { WeightsError } from '../safetensors/header';
import { SafetensorsFile } from '../safetensors/safetensors-file';
import { type CheckpointFiles, type Component, readJson } from './checkpoint-files';
import { isScaled, SCALED } from './other-models';
import { isSingleFile, networkOfSingleFile } from './single-file';

/**
 * The files that hold one network's weights, their headers read and checked: those in its own folder, whole or in shards,
 * or a single-file checkpoint at the top of the model folder.
 *
 * @throws WeightsError if there are none, a file is not a whole safetensors file, or shards and their index disagree
 */
export async function openWeightFiles(files: CheckpointFiles, component: Component): Promise<SafetensorsFile[]> {
  const path = preferred(files.paths.filter((each) => isChoice(each, `${component}/`)));
  if (path?.endsWith('.json')) return openShards(files, component, path);
  if (path) return [await open(files, path)];

  const single = preferred(files.paths.filter((each) => isWeights(each) && !each.includes('/')));
  if (!single) throw new WeightsError(`The model folder has no .safetensors file in ${component}/.`);
  const file = await open(files, single);
  if (isSingleFile(file)) return networkOfSingleFile(file, component);
  throw new WeightsError(
    `The model folder has no .safetensors file in ${component}/, and ${single} is no checkpoint that holds all networks.`,
  );
}

async function open(files: CheckpointFiles, path: string): Promise<SafetensorsFile> {
  const file = await SafetensorsFile.open(path, await files.open(path));
  if (isScaled(file.tensors)) throw new WeightsError(`${path} ${SCALED}`);
  return file;
}

const isWeights = (path: string): boolean => path.endsWith('.safetensors');
const isShard = (path: string): boolean => /-\d+-of-\d+/.test(path);
const isIndex = (path: string): boolean => /\.safetensors\.index(\.[^./]+)?\.json$/.test(path);

/** A whole file or an index: of such, one is a network's weights. */
const isChoice = (path: string, folder: string): boolean =>
  path.startsWith(folder) && ((isWeights(path) && !isShard(path)) || isIndex(path));

/**
 * Of several variants float16, which is half the size; of one variant the whole file rather than shards; then the shortest
 * name, which is the one without a variant.
 */
function preferred(paths: readonly string[]): string | undefined {
  const rank = (path: string) => [path.includes('.fp16') ? 0 : 1, isIndex(path) ? 1 : 0, path.length] as const;
  return [...paths].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2] || (a < b ? -1 : 1);
  })[0];
}

async function openShards(files: CheckpointFiles, component: Component, index: string): Promise<SafetensorsFile[]> {
  const { weight_map: weightMap } = parseConfig(index, weightIndex, await readJson(files, index));
  const names = [...new Set(Object.values(weightMap))];
  const missing = names.find((name) => !files.paths.includes(`${component}/${name}`));
  if (missing) throw new WeightsError(`The model folder has no ${component}/${missing}, which ${index} names.`);
  const shards = new Map(
    await Promise.all(names.map(async (name) => [name, await open(files, `${component}/${name}`)] as const)),
  );
  checkShards(index, weightMap, shards);
  return [...shards.values()];
}

/** Shards of different downloads may each be sound. */
function checkShards(
  index: string,
  weightMap: Readonly<Record<string, string>>,
  shards: ReadonlyMap<string, SafetensorsFile>,
) {
  for (const [tensor, name] of Object.entries(weightMap)) {
    const shard = shards.get(name) as SafetensorsFile;
    if (shard.tensors.has(tensor)) continue;
    throw new WeightsError(
      `${shard.name} has no tensor ${tensor}, which ${index} says is there. Fetch the shards and the index again, from one place.`,
    );
  }
  const holders = new Map<string, string>();
  for (const { name, tensors } of shards.values()) {
    for (const tensor of tensors.keys()) {
      const other = holders.get(tensor);
      if (other) throw new WeightsError(`${other} and ${name} both hold the tensor ${tensor}; one of them must not.`);
      holders.set(tensor, name);
    }
  }
}
