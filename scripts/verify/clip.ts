import { clipVisionConfig } from '../../src/models/config';
import { imageEncoderGraph } from '../../src/models/graphs';
import type { Graph, Value } from '../../src/onnx/graph';
import { type Bench, type Check, Reference } from './check';
import { compareRun } from './compare';
import { openPart, stageFiles } from './stages';

/** Checks of stages/clip, on the pixel values that the reference saw. */
export async function* clip(bench: Bench): AsyncGenerator<Check> {
  const [file] = stageFiles(bench, 'clip');
  const [inputsFile] = stageFiles(bench, 'preprocess');
  const encoder = await openPart(bench, 'image_encoder', clipVisionConfig);
  if (!file || !inputsFile || !encoder) return;
  const reference = await Reference.open(bench, file.path);
  const inputs = await Reference.open(bench, inputsFile.path);
  const pictures = new Set(reference.names.map((name) => name.slice(0, name.indexOf('.'))));
  for (const picture of pictures) {
    if (!inputs.has(`${picture}.pixel_values`)) continue;
    const graph = imageEncoderGraph(encoder.config, { dtype: 'float32', locate: encoder.weights.locate });
    const values = clipValues(graph, encoder.config.num_hidden_layers)
      .map(([suffix, value]) => [`${picture}.${suffix}`, value] as const)
      .filter(([name]) => reference.has(name));
    yield* compareRun(bench, {
      stage: 'clip',
      name: '',
      graph,
      weights: encoder.weights,
      feeds: [{ pixel_values: await inputs.read(`${picture}.pixel_values`) }],
      reference,
      values: new Map(values),
    });
  }
}

/** transformers' names of the values, and the modules that give them. */
function clipValues(graph: Graph, layers: number): [suffix: string, value: Value][] {
  const module = (path: string) => graph.scopes.get(`vision_model.${path}`) as Value;
  return [
    ['embeddings_plus_pos', module('embeddings')],
    ['hidden_states.0', module('pre_layrnorm')],
    ...Array.from({ length: layers }, (_, i): [string, Value] => [
      `hidden_states.${i + 1}`,
      module(`encoder.layers.${i}`),
    ]),
    ['last_hidden_state', module(`encoder.layers.${layers - 1}`)],
    ['pooled_cls_post_layernorm', module('post_layernorm')],
    ['image_embeds', graph.outputs[0] as Value],
  ];
}
