import { createHash } from 'node:crypto';
import type { Cancel, Clock } from '#contract/clock.js';
import type { Classifier, ClassifyOptions, KnowledgeFiles, Verdict } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { UnusableClassifier } from '#models/heads/unusable.js';
import { marksOf } from './file-marks.js';
import { KnowledgeBases, type KnowledgePorts } from './knowledge-bases.js';
import { readKnowledge } from './read-knowledge.js';

/** What happened to the files of knowledge bases, for the log. */
export type KnowledgeNews =
  | { readonly kind: 'read'; readonly chunks: number }
  | { readonly kind: 'kept'; readonly trouble: string };

/** How often files are looked at, and how long they have to stay as they are before they are read: writing takes several steps. */
const LOOK_EVERY: Milliseconds = 5000;
const SETTLED_AFTER: Milliseconds = 1000;
/** By how much the clocks of a file system and of this machine may differ. */
const CLOCKS_APART: Milliseconds = 2000;

/**
 * The knowledge bases of a configuration, read anew when their files change. The index that is there answers until the next is ready; files that
 * cannot be read leave it in force.
 */
export class LiveBases implements Classifier {
  readonly labels: readonly string[];
  readonly languages: readonly string[] | undefined;
  private current: Classifier;
  /** Tells the chunks of what is in force; empty where nothing could be read. */
  private key = '';
  /** How the files looked when they were read, and when they were last looked at. */
  private seen: string | undefined;
  private last: string | undefined;
  private readonly openedAt: Milliseconds;
  private looking: Promise<void> | undefined;
  private next: Cancel | undefined;
  private stopped = false;

  constructor(
    private readonly files: KnowledgeFiles,
    private readonly ports: KnowledgePorts,
    private readonly clock: Clock,
    private readonly tell: (news: KnowledgeNews) => void = () => {},
  ) {
    this.labels = Object.keys(files);
    this.languages = ports.languages;
    this.openedAt = clock.wall();
    this.current = this.opened();
    if (this.labels.length > 0) this.schedule(SETTLED_AFTER);
  }

  prepare(): Promise<void> {
    return this.current.prepare();
  }

  classify(text: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    return this.current.classify(text, options);
  }

  /** Looks at the files; where they have changed and stay as they are, they are read. Resolves when what was read is in force. */
  look(): Promise<void> {
    this.looking ??= this.lookOnce().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  /** Looks at the files no more. What is in force goes on to answer. */
  stop(): void {
    this.stopped = true;
    this.next?.();
  }

  private schedule(delay: Milliseconds): void {
    if (this.stopped) return;
    this.next = this.clock.after(delay, () => {
      void this.look().finally(() => this.schedule(this.last === this.seen ? LOOK_EVERY : SETTLED_AFTER));
    });
  }

  private async lookOnce(): Promise<void> {
    const { mark, newest } = await marksOf(this.files);
    if (this.stopped) return;
    // What was written long before it was read is as it was then.
    if (this.seen === undefined && newest < this.openedAt - CLOCKS_APART) this.seen = mark;
    const settled = mark === this.last;
    this.last = mark;
    if (mark !== this.seen && settled) await this.readAgain(mark);
  }

  private async readAgain(mark: string): Promise<void> {
    try {
      const { key, bases, chunks } = this.read();
      if (key !== this.key) {
        // While the model cannot be had, what is in force stays, and the files are read again later.
        if (this.key !== '' && !(await bases.ready())) return;
        if (this.stopped) return;
        this.current = bases;
        this.key = key;
        this.tell({ kind: 'read', chunks });
        await bases.prepare();
      }
    } catch (error) {
      if (this.key === '') this.current = new UnusableClassifier(error);
      this.tell({ kind: 'kept', trouble: error instanceof Error ? error.message : String(error) });
    }
    this.seen = mark;
  }

  private opened(): Classifier {
    try {
      const { key, bases } = this.read();
      this.key = key;
      return bases;
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  /** @throws WeirError as {@link readKnowledge} does. */
  private read(): { readonly key: string; readonly bases: KnowledgeBases; readonly chunks: number } {
    const chunks = readKnowledge(this.files);
    const key = createHash('sha256').update(JSON.stringify(chunks)).digest('hex');
    return { key, bases: new KnowledgeBases(this.labels, chunks, this.ports), chunks: chunks.length };
  }
}
