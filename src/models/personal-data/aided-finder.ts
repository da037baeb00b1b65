import type { Clock } from '#contract/clock.js';
import { type Deadline, NO_DEADLINE } from '#contract/deadline.js';
import type { Classifier, Verdict } from '#contract/learned.js';
import {
  PERSONAL_KINDS,
  type PersonalDataFinder,
  type PersonalKind,
  type PersonalReading,
  type PersonalSpan,
} from '#contract/personal-data.js';
import { layered } from './layers.js';
import { Remembered } from './remembered.js';

/** A model of the operator's own that finds names or other entities. */
export interface NameModel {
  readonly name: string;
  readonly classifier: Classifier;
  /** The kind of each type of entity, `off` where it is none; of types that are not here, what they usually are. */
  readonly kinds: Readonly<Record<string, string>>;
}

/** What types of entities usually are, as data sets and published models call them. */
const USUAL: ReadonlyMap<string, PersonalKind> = new Map([
  ['per', 'person'],
  ['loc', 'place'],
  ['location', 'place'],
  ['gpe', 'place'],
  ['org', 'organization'],
  ['organisation', 'organization'],
  ...PERSONAL_KINDS.map((kind): [string, PersonalKind] => [kind, kind]),
]);

/** Kinds that the tagger tells; what is told by form and check digits is surer than any model. */
const BY_TAGGER: ReadonlySet<string> = new Set(['person', 'organization', 'address', 'place']);
const MOST_REMEMBERED = 4096;
const TOO_LATE = 'was too slow';

/**
 * Personal data by form and by the tagger that comes with Weir, and beside them by models of the operator's own. Where they differ about what something is,
 * form is believed first, then the models; what any of them found is found.
 */
export class AidedPersonalData implements PersonalDataFinder {
  readonly asksModels = true;
  private readonly known = new Remembered<PersonalReading>(MOST_REMEMBERED);

  constructor(
    /** Finds by form and with the tagger. */
    readonly unaided: PersonalDataFinder,
    private readonly models: readonly NameModel[],
    private readonly clock: Clock,
  ) {}

  async prepare(): Promise<void> {
    await Promise.all(this.models.map(({ classifier }) => classifier.prepare()));
  }

  narrowed(kinds: Pick<ReadonlySet<string>, 'has'>): PersonalDataFinder {
    return this.models.some(model => kindsOf(model).some(kind => kinds.has(kind))) ? this : this.unaided;
  }

  find(text: string, deadline: Deadline = NO_DEADLINE): PersonalReading | Promise<PersonalReading> {
    const key = this.known.keyOf(text);
    return this.known.recall(key) ?? this.read(text, key, deadline);
  }

  findNow(text: string): readonly PersonalSpan[] {
    return this.known.recall(this.known.keyOf(text))?.spans ?? this.unaided.findNow(text);
  }

  private async read(text: string, key: string, deadline: Deadline): Promise<PersonalReading> {
    const [{ spans }, ...told] = await Promise.all([
      this.unaided.find(text),
      ...this.models.map(model => this.ask(model, text, deadline)),
    ]);
    const byForm = spans.filter(({ kind }) => !BY_TAGGER.has(kind));
    const byTagger = spans.filter(({ kind }) => BY_TAGGER.has(kind));
    const layers = [byForm, ...told.map(one => one.spans), byTagger];
    const reading = { spans: layers.reduce((laid, layer) => layered(text, laid, layer), []) };
    const missed = told.find(one => one.missed !== undefined)?.missed;
    // What could not be read this time may be read the next.
    return missed === undefined ? this.known.remember(key, reading) : { ...reading, missed };
  }

  private async ask(
    { name, classifier, kinds }: NameModel,
    text: string,
    deadline: Deadline,
  ): Promise<PersonalReading> {
    const verdict = await this.inTime(classifier.classify(text, { whenBusy: 'wait', deadline }), deadline);
    if (verdict === undefined) return { spans: [], missed: `${name} ${TOO_LATE}` };
    const { spans = [], tier, reason, partial, best } = verdict;
    if (tier === 'busy') return { spans: [], missed: `${name}: ${reason ?? 'busy'}` };
    if (classifier.entities !== true) {
      return { spans: [], missed: `${name} classifies texts and finds no places in them` };
    }
    const found = spans.flatMap(({ type, start, end, score }): PersonalSpan[] => {
      const kind = kindOf(type, kinds);
      return kind === undefined ? [] : [{ kind, start, end, score }];
    });
    if (partial) return { spans: found, missed: `${name}: the text is longer than is read` };
    // A model says nothing of what is in none of its languages: others have read it.
    return { spans: best < 0 ? [] : found };
  }

  /** A model that is still being loaded may take longer than anyone waits. */
  private async inTime(verdict: Verdict | Promise<Verdict>, deadline: Deadline): Promise<Verdict | undefined> {
    const left = deadline.leftMs();
    if (!(verdict instanceof Promise) || left === Number.POSITIVE_INFINITY) return verdict;
    let cancel = (): void => {};
    const over = new Promise<undefined>(resolve => {
      cancel = this.clock.after(left, () => resolve(undefined));
    });
    try {
      return await Promise.race([verdict, over]);
    } finally {
      cancel();
    }
  }
}

/** The kind of a type of entities, where it is one. */
function kindOf(type: string, kinds: NameModel['kinds']): string | undefined {
  const kind = kinds[type] ?? USUAL.get(type.toLowerCase());
  return kind === 'off' ? undefined : kind;
}

/** What a model finds; of one that cannot be read, what it may have been named for. */
function kindsOf({ classifier, kinds }: NameModel): readonly string[] {
  const { labels } = classifier;
  return labels.length === 0
    ? [...BY_TAGGER, ...Object.values(kinds)]
    : labels.flatMap(label => kindOf(label, kinds) ?? []);
}
