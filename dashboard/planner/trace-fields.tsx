import type { TraceSource } from '../api/types.js';
import { NumberField } from '../ui/number-field.js';

/** What a form knows of a trace before it is sent. */
export interface TraceDraft {
  readonly from: TraceSource['from'];
  readonly kind: 'azure' | 'lmsys' | 'agent';
  readonly rate: number;
  readonly requests: number;
  readonly hours: number;
  readonly file: { readonly name: string; readonly text: string } | undefined;
  /** A distribution of lengths, as JSON. */
  readonly cdf: string;
}

export const FIRST_TRACE: TraceDraft = {
  ...{ from: 'generated', kind: 'azure', rate: 20, requests: 5000, hours: 24, file: undefined },
  cdf: '[[512, 0.3], [2048, 0.7], [8192, 1]]',
};

/** Longest file: what the gateway takes as a body, with room for the rest of it. */
const MOST_BYTES = 3_900_000;

const KINDS = [
  ['azure', 'Azure 2023, code and chats'],
  ['lmsys', 'LMSYS chats of two turns'],
  ['agent', 'agents of ten turns (synthetic)'],
] as const;

/** The source that a draft says, or what is missing, in words. */
export function sourceOf({ from, kind, rate, requests, hours, file, cdf }: TraceDraft): TraceSource | string {
  if (from === 'generated') return { from, kind, rate, requests };
  if (from === 'traffic') return { from, hours };
  if (from === 'text') return file === undefined ? 'Choose a trace file first.' : { from, text: file.text };
  const knots = knotsOf(cdf);
  return knots === undefined
    ? `The distribution is no list of [tokens, share], as JSON: ${FIRST_TRACE.cdf}`
    : { from, cdf: knots, requests, rate };
}

function knotsOf(text: string): number[][] | undefined {
  try {
    const knots: unknown = JSON.parse(text);
    const right = (knot: unknown): knot is number[] =>
      Array.isArray(knot) && knot.length === 2 && knot.every(value => typeof value === 'number');
    return Array.isArray(knots) && knots.every(right) ? knots : undefined;
  } catch {
    return undefined;
  }
}

interface TraceFieldsProps {
  readonly draft: TraceDraft;
  readonly onChange: (draft: TraceDraft) => void;
  readonly onTrouble: (message: string | undefined) => void;
}

/** Which requests: generated, drawn, this gateway's own, or a file's. */
export function TraceFields({ draft, onChange, onTrouble }: TraceFieldsProps) {
  const read = async (file: File | undefined): Promise<void> => {
    onTrouble(undefined);
    if (file === undefined) return;
    if (file.size > MOST_BYTES) {
      onTrouble(
        `${file.name} has ${file.size} bytes; here at most ${MOST_BYTES} are taken. The command line takes more.`,
      );
      return;
    }
    onChange({ ...draft, file: { name: file.name, text: await file.text() } });
  };
  return (
    <>
      <label class="field">
        <span>Requests</span>
        <select
          value={draft.from}
          onChange={event => onChange({ ...draft, from: event.currentTarget.value as TraceDraft['from'] })}
        >
          <option value="generated">like a known workload</option>
          <option value="traffic">what this gateway answered</option>
          <option value="text">a trace file</option>
          <option value="cdf">a distribution of lengths</option>
        </select>
      </label>
      {draft.from === 'generated' ? (
        <>
          <label class="field">
            <span>Like</span>
            <select
              value={draft.kind}
              onChange={event => onChange({ ...draft, kind: event.currentTarget.value as TraceDraft['kind'] })}
            >
              {KINDS.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <Drawn draft={draft} onChange={onChange} />
        </>
      ) : draft.from === 'cdf' ? (
        <>
          <Drawn draft={draft} onChange={onChange} />
          <label class="field wide">
            <span>Distribution: tokens of prompt and answer, and the share of requests that are no longer</span>
            <textarea
              rows={3}
              spellcheck={false}
              value={draft.cdf}
              onInput={event => onChange({ ...draft, cdf: event.currentTarget.value })}
            />
            <small>four fifths of a request are prompt</small>
          </label>
        </>
      ) : draft.from === 'traffic' ? (
        <NumberField
          label="Of the last hours"
          value={draft.hours}
          min={0.1}
          max={720}
          onChange={hours => onChange({ ...draft, hours })}
        />
      ) : (
        <label class="field">
          <span>Trace file</span>
          <input type="file" onChange={event => void read(event.currentTarget.files?.[0])} />
          <small>
            {draft.file === undefined ? 'Azure, Mooncake, BurstGPT, Vidur, vLLM or Weir’s own form' : draft.file.name}
          </small>
        </label>
      )}
    </>
  );
}

/** How many requests are made up, and how fast they come. */
function Drawn({ draft, onChange }: Omit<TraceFieldsProps, 'onTrouble'>) {
  return (
    <>
      <NumberField
        label="Requests a second"
        value={draft.rate}
        min={0.01}
        max={100_000}
        onChange={rate => onChange({ ...draft, rate })}
      />
      <NumberField
        label="How many"
        value={draft.requests}
        min={2}
        max={50_000}
        onChange={n => onChange({ ...draft, requests: Math.round(n) })}
      />
    </>
  );
}
