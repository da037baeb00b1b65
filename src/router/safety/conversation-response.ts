import type { ConversationRisk } from './conversation-risk.js';
import type { SafetyConfig } from './schema.js';

export type Degree = 'safer' | 'cooler' | 'cut' | 'flag';

/** What a risk calls for, the mildest first. */
export function responseTo(
  risk: Pick<ConversationRisk, 'score'>,
  config: NonNullable<SafetyConfig['conversation']>,
): readonly Degree[] {
  const degrees = ['safer', 'cooler', 'cut', 'flag'] as const;
  return degrees.filter(degree => risk.score >= config[degree]);
}
