/** What a safety rule found in a request or its answer, and what was done: for the record, metrics and headers. Holds no text. */
export interface SafetyNote {
  readonly rule: string;
  readonly action: 'log' | 'header' | 'redact' | 'block';
  /** Probability, or 1 of rules that know no degrees. */
  readonly score: number;
}
