import type { DecisionRecord } from '../api/types.js';
import { clock, count } from '../format.js';
import { Facts } from '../ui/parts.js';
import { Step } from './step.js';

/** What came in, as the profile has it. */
export function Arrival({ record }: { record: DecisionRecord }) {
  const { profile, outcome, caller } = record;
  const reported = outcome.usage?.promptTokens;
  return (
    <Step title="Arrived" gist={`${clock(record.at)}, asking for ${record.modelAsked}`}>
      <Facts
        entries={[
          ['Turn', `${profile.turn}, ${profile.warmth}`],
          ['Kind', `${profile.archetype}, ${profile.modality}`],
          ['Heaviness', profile.heaviness],
          ['Prompt tokens', `~${count(profile.promptTokens)}${reported ? `, reported ${count(reported)}` : ''}`],
          ['Answer expected', `${count(profile.outputTokens.p50)} to ${count(profile.outputTokens.p75)} tokens`],
          ['Caller', caller.key ?? caller.user ?? caller.address],
          ['Session', profile.session],
          ['API', `${record.api}${record.stream ? ', streamed' : ''}`],
        ]}
      />
      {record.prompt === undefined ? undefined : (
        <details>
          <summary>Prompt</summary>
          <pre class="prompt-text">{record.prompt}</pre>
        </details>
      )}
    </Step>
  );
}
