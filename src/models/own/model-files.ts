import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WeirError } from '#contract/errors.js';
import { USUAL_CACHE } from '#contract/learned.js';
import { HubCache } from '#models/hub/hub-cache.js';
import { formatHubId, parseHubId } from '#models/hub/hub-id.js';

/** Where the parts of a published model lie. */
export interface ModelFiles {
  /** The ONNX file. */
  readonly file: string;
  readonly tokenizer: string;
  readonly config: string;
}

/** Names that Transformers.js gives to ONNX files, the smallest first. */
export const MODEL_NAMES: readonly string[] = [
  'onnx/model_quantized.onnx',
  'onnx/model_int8.onnx',
  'onnx/model.onnx',
  'model_quantized.onnx',
  'model_int8.onnx',
  'model.onnx',
];

/**
 * The files of a model by what a configuration calls it: a file, a folder as Transformers.js lays it out, or, where no such path is there, the id of a
 * model of the hub that was pulled into the cache. Nothing is fetched. What a path does not have is named where it was looked for first, for the error of
 * who opens it.
 *
 * @throws WeirError `hub.not_pulled`.
 */
export function modelFiles(path: string, cache: string): ModelFiles {
  const id = existsSync(path) ? undefined : parseHubId(path);
  if (id === undefined) return filesAt(path);
  const files = new HubCache(cache).modelFiles(id);
  if (files !== undefined) return files;
  const elsewhere = cache === USUAL_CACHE ? '' : ` --cache ${JSON.stringify(cache)}`;
  throw new WeirError('hub.not_pulled', `${path} is no path here, and no model of the hub that is whole in ${cache}`, {
    hint: `run: weir models pull ${formatHubId(id)}${elsewhere}`,
  });
}

/** `tokenizer.json`, `config.json`, and the model in `onnx/` or beside them. */
function filesAt(path: string): ModelFiles {
  const folder = existsSync(path) && statSync(path).isDirectory();
  const files = MODEL_NAMES.map(name => join(path, name));
  const file = folder ? (files.find(candidate => existsSync(candidate)) ?? join(path, 'onnx/model.onnx')) : path;
  const beside = folder ? path : dirname(path);
  const find = (name: string): string =>
    [beside, dirname(beside)].map(at => join(at, name)).find(at => existsSync(at)) ?? join(beside, name);
  return { file, tokenizer: find('tokenizer.json'), config: find('config.json') };
}

/** The model and the tokeniser of {@link modelFiles}, which no model does without. @throws WeirError `model.unavailable`, `hub.not_pulled`. */
export function presentFiles(path: string, cache: string): ModelFiles {
  const files = modelFiles(path, cache);
  const missing = [files.file, files.tokenizer].find(file => !existsSync(file));
  if (missing !== undefined) throw new WeirError('model.unavailable', `${missing} is not there`);
  return files;
}
