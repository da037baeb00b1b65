import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Tokenizer } from '@huggingface/tokenizers';
import { WeirError } from '#contract/errors.js';

/** A tokeniser as published models bring it, with what its files say of it. */
export interface PublishedTokenizer {
  readonly tokenizer: Tokenizer;
  /** `tokenizer.json`. */
  readonly json: Readonly<Record<string, unknown>>;
  /** `tokenizer_config.json`, empty where there is none. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The id that texts are filled up with. */
  readonly padding: number;
}

/** Opens a `tokenizer.json`. @throws WeirError `model.unavailable`. */
export async function openTokenizer(file: string): Promise<PublishedTokenizer> {
  if (!existsSync(file)) throw new WeirError('model.unavailable', `${file} is not there`);
  const { Tokenizer } = await import('@huggingface/tokenizers');
  try {
    const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const config = JSON.parse(readOr(join(dirname(file), 'tokenizer_config.json'), '{}')) as Record<string, unknown>;
    // Files of published models cut and pad to a fixed length, which is ours to decide.
    const tokenizer = new Tokenizer({ ...json, truncation: null, padding: null }, config);
    const pad = typeof config.pad_token === 'string' ? tokenizer.token_to_id(config.pad_token) : undefined;
    return { tokenizer, json, config, padding: pad ?? 0 };
  } catch (cause) {
    throw new WeirError('model.unavailable', `${file} is no tokenizer.json`, { cause });
  }
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}
