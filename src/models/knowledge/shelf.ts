import { createHash } from 'node:crypto';
import type { KnowledgeFiles } from '#contract/learned.js';
import { KnowledgeBases, type KnowledgePorts } from './knowledge-bases.js';
import { readKnowledge } from './read-knowledge.js';

/** Keeps the index of the knowledge bases over configurations: one that changes neither their text nor the model has them read no second time. */
export class KnowledgeShelf {
  private kept: { readonly key: string; readonly bases: KnowledgeBases } | undefined;

  /**
   * @param model tells the embedder, and all else that the index depends on beside the text.
   * @throws WeirError as {@link readKnowledge} does.
   */
  open(files: KnowledgeFiles, model: string, ports: KnowledgePorts): KnowledgeBases {
    const names = Object.keys(files);
    const chunks = readKnowledge(files);
    const key = createHash('sha256')
      .update(JSON.stringify([model, names, chunks]))
      .digest('hex');
    if (this.kept?.key !== key) this.kept = { key, bases: new KnowledgeBases(names, chunks, ports) };
    return this.kept.bases;
  }
}
