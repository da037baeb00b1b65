import type { SentAs, TextRewrite } from '#contract/answer-guard.js';
import { type Message, partText } from '#contract/request.js';
import type { StageContext } from '#contract/stage.js';
import { argumentsIn, mapStrings } from '#protocols/guards/strings.js';

/** What of a request is read beside what is said in it. */
export interface ReadToo {
  /** System prompts. */
  readonly system: boolean;
  /** Definitions of tools, and of how answers have to be. */
  readonly tools: boolean;
}

/** Texts of a request in which personal data may stand. */
export interface PersonalTexts {
  /** What a model or its provider reads; the arguments of tools text by text. */
  readonly said: readonly string[];
  /** What says who the end user is. */
  readonly naming: readonly string[];
  /** Whether a text goes on as it is, whatever stands in it. */
  readonly keeps: (text: string, as: SentAs) => boolean;
}

/**
 * Every text that would go on to an engine, as the stages before leave it: nothing is masked that was not looked at, and nothing goes on that was
 * not.
 */
export function personalTexts(context: StageContext, { system, tools }: ReadToo): PersonalTexts {
  const kept = system ? NOTHING_KEPT : systemTexts(context.board.request.messages);
  const keeps: PersonalTexts['keeps'] = (text, as) => (as === 'definition' ? !tools : kept.has(text));
  const said: string[] = [];
  const naming: string[] = [];
  const { rewrite = asItIs } = context.route;
  for (const { text: sent, as, namesUser } of context.sentTexts()) {
    const text = rewrite(sent, as);
    if (text === '' || keeps(text, as)) continue;
    const into = namesUser ? naming : said;
    const parsed = as === 'arguments' ? argumentsIn(text) : undefined;
    if (parsed === undefined) into.push(text);
    else
      mapStrings(parsed, inner => {
        into.push(inner);
        return inner;
      });
  }
  return { said, naming, keeps };
}

/** Changes nothing. */
export const asItIs: TextRewrite = text => text;

const NOTHING_KEPT: ReadonlySet<string> = new Set();

function systemTexts(messages: readonly Message[]): ReadonlySet<string> {
  const system = messages.filter(({ role }) => role === 'system');
  return new Set(system.flatMap(({ content }) => content.map(partText)));
}
