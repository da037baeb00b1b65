import { WeirError } from '#contract/errors.js';
import type { KnowledgeFiles } from '#contract/learned.js';
import { BaseFiles, tooMuch } from './base-files.js';
import { chunksOf } from './chunks.js';
import type { BaseChunk } from './held-out.js';

/** Chunks of all bases together: each text is compared with every one of them, on the thread that asks. */
export const MOST_CHUNKS = 2048;

/**
 * The chunks of all bases, in the order of the configuration.
 *
 * @throws WeirError `config.unreadable`, `config.invalid`, with the path of the setting.
 */
export function readKnowledge(bases: KnowledgeFiles): readonly BaseChunk[] {
  const reader = new BaseFiles();
  const chunks: BaseChunk[] = [];
  for (const [base, [name, { files }]] of Object.entries(bases).entries()) {
    const setting = `router.knowledge.${name}.files`;
    const before = chunks.length;
    for (const file of reader.read(name, files)) {
      for (const chunk of chunksOf(file, setting)) chunks.push({ ...chunk, base });
      if (chunks.length > MOST_CHUNKS) throw tooMuch(setting, `they have more than ${MOST_CHUNKS} chunks`);
    }
    if (chunks.length === before) {
      throw new WeirError('config.invalid', `The files of the knowledge base ${name} hold no text`, { path: setting });
    }
  }
  return chunks;
}
