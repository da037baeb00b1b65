import type { TextRewrite } from '#contract/answer-guard.js';
import { type Message, partText } from '#contract/request.js';
import type { StageContext } from '#contract/stage.js';
import { mapStrings } from '#protocols/guards/strings.js';
import { parsedObject } from '#protocols/json.js';

/** Texts of a request in which personal data may stand. */
export interface PersonalTexts {
  /** What a model or its provider reads; the arguments of tools text by text. */
  readonly said: readonly string[];
  /** What says who the end user is. */
  readonly naming: readonly string[];
  /** What goes on as it is, whatever stands in it. */
  readonly kept: ReadonlySet<string>;
}

/**
 * Every text that would go on to an engine, as the stages before leave it: nothing is masked that was not looked at, and nothing goes on that was
 * not.
 *
 * @param system whether system prompts are among them.
 */
export function personalTexts(context: StageContext, system: boolean): PersonalTexts {
  const kept = system ? NOTHING_KEPT : systemTexts(context.board.request.messages);
  const said: string[] = [];
  const naming: string[] = [];
  const { rewrite = asItIs } = context.route;
  for (const { text: sent, json, namesUser } of context.sentTexts()) {
    const text = rewrite(sent, json);
    if (text === '' || kept.has(text)) continue;
    const into = namesUser ? naming : said;
    const parsed = json ? parsedObject(text) : undefined;
    if (parsed === undefined) into.push(text);
    else
      mapStrings(parsed, inner => {
        into.push(inner);
        return inner;
      });
  }
  return { said, naming, kept };
}

/** Changes nothing. */
export const asItIs: TextRewrite = text => text;

const NOTHING_KEPT: ReadonlySet<string> = new Set();

function systemTexts(messages: readonly Message[]): ReadonlySet<string> {
  const system = messages.filter(({ role }) => role === 'system');
  return new Set(system.flatMap(({ content }) => content.map(partText)));
}
