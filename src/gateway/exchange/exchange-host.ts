import type { WorkloadProfile } from '#contract/profile.js';
import type { DecisionRecord } from '#contract/record.js';
import type { Exchange } from './exchange.js';

/** What the exchange needs of the gateway around it. */
export interface ExchangeHost {
  /** A record was made of an exchange. */
  recorded(record: DecisionRecord, profile: WorkloadProfile): void;
  /** The exchange is over and its record written: nothing of it is left. */
  ended(exchange: Exchange): void;
}
