import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the parts of a published model lie. */
export interface ModelFiles {
  /** The ONNX file. */
  readonly file: string;
  readonly tokenizer: string;
  readonly config: string;
}

/** Names that Transformers.js gives to ONNX files, the smallest first. */
const NAMES = [
  'onnx/model_quantized.onnx',
  'onnx/model_int8.onnx',
  'onnx/model.onnx',
  'model_quantized.onnx',
  'model_int8.onnx',
  'model.onnx',
];

/**
 * A file, or a folder as Transformers.js lays it out: `tokenizer.json`, `config.json`, and the model in `onnx/` or beside them. What is
 * not there is named where it was looked for first, for the error of who opens it.
 */
export function modelFiles(path: string): ModelFiles {
  const folder = existsSync(path) && statSync(path).isDirectory();
  const files = NAMES.map(name => join(path, name));
  const file = folder ? (files.find(candidate => existsSync(candidate)) ?? join(path, 'onnx/model.onnx')) : path;
  const beside = folder ? path : dirname(path);
  const find = (name: string): string =>
    [beside, dirname(beside)].map(at => join(at, name)).find(at => existsSync(at)) ?? join(beside, name);
  return { file, tokenizer: find('tokenizer.json'), config: find('config.json') };
}
