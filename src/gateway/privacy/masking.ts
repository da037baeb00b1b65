import type { AnswerBlock, AnswerGuard, AnswerGuardMaker, SentAs, TextRewrite } from '#contract/answer-guard.js';
import type { PersonalSpan } from '#contract/personal-data.js';
import { argumentsIn, mapStrings } from '#protocols/guards/strings.js';
import { inMailForm, MAIL_FORM, mailBeginning } from './mail-form.js';
import { LONGEST_PLACEHOLDER, PLACEHOLDER, type VaultSession } from './vault.js';

/** What is masked in one request, and put back into its answer. */
export class Masking {
  /** Values of this request: they outlive what the vault forgets meanwhile. */
  private readonly values = new Map<string, string>();
  /** What stands in the place of authors' names: placeholders without brackets, which providers refuse in a name. */
  readonly names = new Set<string>();

  constructor(
    private readonly session: VaultSession,
    private readonly kinds: ReadonlySet<string>,
    private readonly find: (text: string) => readonly PersonalSpan[],
    /** Whether a text stays as it is. */
    private readonly keeps: (text: string, as: SentAs) => boolean,
    /** Words of placeholders, of kinds that do not stand in them by their own name. */
    private readonly words: ReadonlyMap<string, string> = new Map(),
    /** Addresses have placeholders that are addresses. */
    readonly mails = false,
  ) {}

  /** Puts placeholders in; JSON is changed text by text and stays JSON. */
  readonly rewrite: TextRewrite = (text, as) => {
    if (this.keeps(text, as)) return text;
    if (as === 'name') return this.named(text);
    const parsed = as === 'arguments' ? argumentsIn(text) : undefined;
    if (parsed === undefined) return this.masked(text);
    let changed = false;
    const out = mapStrings(parsed, value => {
      const masked = this.masked(value);
      changed ||= masked !== value;
      return masked;
    });
    return changed ? JSON.stringify(out) : text;
  };

  /** The value behind a placeholder. */
  value(placeholder: string): string | undefined {
    return this.values.get(placeholder) ?? this.session.value(placeholder);
  }

  private masked(text: string): string {
    let out = '';
    let at = 0;
    for (const { kind, start, end } of this.find(text)) {
      if (!this.kinds.has(kind)) continue;
      out += text.slice(at, start) + this.placeholder(kind, text.slice(start, end));
      at = end;
    }
    return at === 0 ? text : out + text.slice(at);
  }

  /** A name goes as a whole: what is left of one would tell the rest. */
  private named(name: string): string {
    const found = this.find(name).find(({ kind }) => this.kinds.has(kind));
    if (found === undefined) return name;
    const bare = this.session.placeholder(found.kind, name, this.words.get(found.kind)).slice(1, -1);
    this.values.set(bare, name);
    this.names.add(bare);
    return bare;
  }

  private placeholder(kind: string, value: string): string {
    const given = this.session.placeholder(kind, value, this.words.get(kind));
    const placeholder = this.mails && kind === 'email' ? inMailForm(given) : given;
    this.values.set(placeholder, value);
    return placeholder;
  }
}

/** Puts values back in the place of their placeholders, also where a placeholder comes in pieces. */
class UnmaskGuard implements AnswerGuard {
  private readonly held = new Map<string, string>();
  private restored = 0;
  private readonly pattern: RegExp;

  constructor(
    private readonly masking: Masking,
    /** Texts of the answer are JSON: what is put in has to be quoted for it. */
    private readonly json: boolean,
  ) {
    const { names, mails } = masking;
    const more = [...(mails ? [MAIL_FORM.source] : []), ...names];
    this.pattern = more.length === 0 ? PLACEHOLDER : new RegExp([PLACEHOLDER.source, ...more].join('|'), 'g');
  }

  text(block: AnswerBlock, text: string): string {
    const all = (this.held.get(block.key) ?? '') + text;
    const { names, mails } = this.masking;
    const keep = Math.min(beginning(all, names), mails ? mailBeginning(all) : all.length);
    this.held.set(block.key, all.slice(keep));
    return this.unmasked(all.slice(0, keep), block);
  }

  close(block: AnswerBlock): string {
    const rest = this.held.get(block.key) ?? '';
    this.held.delete(block.key);
    return this.unmasked(rest, block);
  }

  repeated(text: string): string {
    return text.replace(this.pattern, placeholder => this.masking.value(placeholder) ?? placeholder);
  }

  end() {
    return { note: `put ${this.restored} back` };
  }

  private unmasked(text: string, { kind }: AnswerBlock): string {
    const json = kind === 'arguments' || (this.json && kind === 'text');
    return text.replace(this.pattern, placeholder => {
      const value = this.masking.value(placeholder);
      if (value === undefined) return placeholder;
      this.restored++;
      return json ? JSON.stringify(value).slice(1, -1) : value;
    });
  }
}

const BEGUN = /^\[[A-Z_]*[a-z2-7]*$/;

/** Where what may be the beginning of a placeholder stands at a text's end; the text's length when there is none. */
function beginning(text: string, names: ReadonlySet<string>): number {
  const at = text.lastIndexOf('[');
  if (at >= 0 && text.length - at <= LONGEST_PLACEHOLDER && BEGUN.test(text.slice(at))) return at;
  let begun = 0;
  for (const name of names) {
    for (let size = name.length - 1; size > begun; size--) if (text.endsWith(name.slice(0, size))) begun = size;
  }
  return text.length - begun;
}

/** The guard that puts back what a masking took out. */
export function unmasking(masking: Masking, json: boolean): AnswerGuardMaker {
  return { name: 'unmask', holds: false, guard: () => new UnmaskGuard(masking, json) };
}
