import type { AnswerBlock, AnswerGuard, AnswerGuardMaker, TextRewrite } from '#contract/answer-guard.js';
import type { PersonalSpan } from '#contract/personal-data.js';
import { mapStrings } from '#protocols/guards/strings.js';
import { parsedObject } from '#protocols/json.js';
import { LONGEST_PLACEHOLDER, PLACEHOLDER, type VaultSession } from './vault.js';

/** What is masked in one request, and put back into its answer. */
export class Masking {
  /** Values of this request: they outlive what the vault forgets meanwhile. */
  private readonly values = new Map<string, string>();

  constructor(
    private readonly session: VaultSession,
    private readonly kinds: ReadonlySet<string>,
    private readonly find: (text: string) => readonly PersonalSpan[],
    /** Texts that stay as they are. */
    private readonly kept: ReadonlySet<string>,
    /** Words of placeholders, of kinds that do not stand in them by their own name. */
    private readonly words: ReadonlyMap<string, string> = new Map(),
  ) {}

  /** Puts placeholders in; JSON is changed text by text and stays JSON. */
  readonly rewrite: TextRewrite = (text, json) => {
    if (this.kept.has(text)) return text;
    const parsed = json ? parsedObject(text) : undefined;
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
      const value = text.slice(start, end);
      const placeholder = this.session.placeholder(kind, value, this.words.get(kind));
      this.values.set(placeholder, value);
      out += text.slice(at, start) + placeholder;
      at = end;
    }
    return at === 0 ? text : out + text.slice(at);
  }
}

/** Puts values back in the place of their placeholders, also where a placeholder comes in pieces. */
class UnmaskGuard implements AnswerGuard {
  private readonly held = new Map<string, string>();
  private restored = 0;

  constructor(
    private readonly masking: Masking,
    /** Texts of the answer are JSON: what is put in has to be quoted for it. */
    private readonly json: boolean,
  ) {}

  text({ key, kind }: AnswerBlock, text: string): string {
    const all = (this.held.get(key) ?? '') + text;
    const keep = beginning(all);
    this.held.set(key, all.slice(keep));
    return this.unmasked(all.slice(0, keep), kind === 'arguments' || (this.json && kind === 'text'));
  }

  close({ key }: AnswerBlock): string {
    const rest = this.held.get(key) ?? '';
    this.held.delete(key);
    return rest;
  }

  repeated(text: string): string {
    return text.replace(PLACEHOLDER, placeholder => this.masking.value(placeholder) ?? placeholder);
  }

  end() {
    return { note: `put ${this.restored} back` };
  }

  private unmasked(text: string, json: boolean): string {
    return text.replace(PLACEHOLDER, placeholder => {
      const value = this.masking.value(placeholder);
      if (value === undefined) return placeholder;
      this.restored++;
      return json ? JSON.stringify(value).slice(1, -1) : value;
    });
  }
}

const BEGUN = /^\[[A-Z_]*[a-z2-7]*$/;

/** Where what may be the beginning of a placeholder stands at a text's end; the text's length when there is none. */
function beginning(text: string): number {
  const at = text.lastIndexOf('[');
  if (at < 0 || text.length - at > LONGEST_PLACEHOLDER) return text.length;
  return BEGUN.test(text.slice(at)) ? at : text.length;
}

/** The guard that puts back what a masking took out. */
export function unmasking(masking: Masking, json: boolean): AnswerGuardMaker {
  return { name: 'unmask', holds: false, guard: () => new UnmaskGuard(masking, json) };
}
