import type { Outcome } from '#contract/outcome.js';
import type { DecisionRecord } from '#contract/record.js';
import { textOf } from '#contract/request.js';
import type { Milliseconds } from '#contract/units.js';
import { summarise } from '#workload/profile/summary.js';
import type { Exchange } from './exchange.js';

/** The longest prompt kept where prompts are kept at all. */
const MAX_PROMPT_CHARS = 65_536;

/** The story of an exchange that has ended. */
export function recordOf(exchange: Exchange, outcome: Outcome, at: Milliseconds): DecisionRecord {
  const { inbound, route, runtime, placement } = exchange;
  const { request } = inbound;
  const { caller } = request;
  const verdicts = verdictsOf(exchange);
  return {
    id: request.id,
    at,
    api: exchange.protocol.name,
    modelAsked: request.model,
    stream: request.stream,
    caller: {
      address: caller.address,
      ...(caller.key === undefined ? undefined : { key: caller.key }),
      ...(caller.user === undefined ? undefined : { user: caller.user }),
      ...(caller.team === undefined ? undefined : { team: caller.team }),
    },
    profile: summarise(exchange.profile, outcome.model),
    signals: exchange.board.readings(),
    decision: route.decision,
    reason: route.reason,
    selector: route.selector,
    strategy: route.strategy,
    candidates: route.candidates,
    parameters: route.parameters,
    stages: exchange.stages,
    ...(placement === undefined ? undefined : { placement }),
    attempts: exchange.attempts,
    outcome,
    ...(exchange.lost.length === 0 ? undefined : { lost: exchange.lost }),
    ...(route.safety === undefined ? undefined : { safety: route.safety }),
    ...(verdicts === undefined ? undefined : { verdicts }),
    configVersion: runtime.config.version,
    ...(runtime.config.gateway.record.prompts ? { prompt: promptOf(exchange) } : undefined),
  };
}

/** What guards said of the answer, or why one stopped it, in a word each. */
function verdictsOf({ reports }: Exchange): Readonly<Record<string, string>> | undefined {
  const said = reports.flatMap(({ guard, word }) => (word === undefined ? [] : [[guard, word] as const]));
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

function promptOf(exchange: Exchange): string {
  let prompt = '';
  for (const message of exchange.inbound.request.messages) {
    prompt += `${message.role}: ${textOf(message)}\n`;
    if (prompt.length > MAX_PROMPT_CHARS) return prompt.slice(0, MAX_PROMPT_CHARS);
  }
  return prompt;
}
