import type { JobBody } from '../api/jobs.js';

type PlanBody = JobBody<'/api/plans'>;

/** Empty is what the model is published in, and 16 bits. */
export interface PrecisionDraft {
  readonly weights: string;
  readonly kvCache: string;
}

const WEIGHTS = ['bf16', 'fp16', 'fp8', 'int8', 'int4', 'nvfp4'] as const satisfies readonly PlanBody['weights'][];
const KV = ['bf16', 'fp16', 'fp8'] as const satisfies readonly PlanBody['kv_cache'][];

/** The precisions as the API takes them. */
export function precisionOf({ weights, kvCache }: PrecisionDraft): Partial<PlanBody> {
  const [weight, kv] = [WEIGHTS.find(name => name === weights), KV.find(name => name === kvCache)];
  return { ...(weight && { weights: weight }), ...(kv && { kv_cache: kv }) };
}

interface PrecisionFieldsProps {
  readonly draft: PrecisionDraft;
  readonly onChange: (chosen: Partial<PrecisionDraft>) => void;
}

/** What weights and KV cache are. */
export function PrecisionFields({ draft, onChange }: PrecisionFieldsProps) {
  return (
    <>
      <label class="field">
        <span>Weights</span>
        <select value={draft.weights} onChange={event => onChange({ weights: event.currentTarget.value })}>
          <option value="">as the model is published</option>
          {WEIGHTS.map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>KV cache</span>
        <select value={draft.kvCache} onChange={event => onChange({ kvCache: event.currentTarget.value })}>
          <option value="">16 bits</option>
          {KV.map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </>
  );
}
