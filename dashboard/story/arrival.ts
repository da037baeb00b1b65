import type { DecisionRecord } from '#contract/record.js';
import { facts } from '../dom.js';
import { clock, count } from '../format.js';
import type { Step } from './step.js';

/** What came in, as the profile has it. */
export function arrival(record: DecisionRecord): Step {
  const { profile, outcome, caller } = record;
  const reported = outcome.usage?.promptTokens;
  const prompt = `~${count(profile.promptTokens)}${reported ? `, reported ${count(reported)}` : ''}`;
  return {
    title: 'Arrived',
    gist: `${clock(record.at)}, asking for ${record.modelAsked}`,
    body: [
      facts([
        ['Turn', `${profile.turn}, ${profile.warmth}`],
        ['Kind', `${profile.archetype}, ${profile.modality}`],
        ['Heaviness', profile.heaviness],
        ['Prompt tokens', prompt],
        ['Answer expected', `${count(profile.outputTokens.p50)} to ${count(profile.outputTokens.p75)} tokens`],
        ['Caller', caller.key ?? caller.user ?? caller.address],
        ['Session', profile.session],
        ['API', `${record.api}${record.stream ? ', streamed' : ''}`],
      ]),
    ],
  };
}
