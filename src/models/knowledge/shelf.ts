import type { Clock } from '#contract/clock.js';
import type { KnowledgeFiles } from '#contract/learned.js';
import type { KnowledgePorts } from './knowledge-bases.js';
import { type KnowledgeNews, LiveBases } from './live-bases.js';

/** Keeps the knowledge bases over configurations: one that names the same files for the same model goes on with the same index. */
export class KnowledgeShelf {
  private kept: { readonly key: string; readonly bases: LiveBases } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly tell?: (news: KnowledgeNews) => void,
  ) {}

  /** @param model tells the embedder, and all else that the index depends on beside the files. */
  open(files: KnowledgeFiles, model: string, ports: KnowledgePorts): LiveBases {
    const key = JSON.stringify([model, files]);
    if (this.kept?.key !== key) {
      this.close();
      this.kept = { key, bases: new LiveBases(files, ports, this.clock, this.tell) };
    } else void this.kept.bases.look();
    return this.kept.bases;
  }

  /** Looks at no files any more. */
  close(): void {
    this.kept?.bases.stop();
    this.kept = undefined;
  }
}
