import type { JobBody } from '../api/jobs.js';
import { secondsOf } from '../ui/duration.js';
import { DurationField } from '../ui/duration-field.js';
import { OptionalNumberField } from '../ui/number-field.js';
import { PrecisionFields, precisionOf } from './precision-fields.js';
import { TierFields } from './tier-fields.js';

type PlanBody = JobBody<'/api/plans'>;

/** What a plan can be asked beside what is to be served; empty is the default of the gateway, or not asked at all. */
export interface OptionDraft {
  readonly rate: string;
  /** USD an hour. */
  readonly budget: string;
  readonly provider: string;
  /** Of time, in %. */
  readonly target: string;
  readonly up: string;
  readonly spotUp: string;
  /** A time with its unit. */
  readonly window: string;
  /** Of requests, in %. */
  readonly compressible: string;
  readonly weights: string;
  readonly kvCache: string;
  readonly apart: boolean;
  /** Gigabytes a second. */
  readonly link: string;
  /** Gigabytes beside each GPU, and a second; USD a month for each. */
  readonly hostGb: string;
  readonly hostLink: string;
  readonly hostUsd: string;
  readonly diskGb: string;
  readonly diskLink: string;
  readonly diskUsd: string;
}

export const FIRST_OPTIONS: OptionDraft = {
  ...{ rate: '', budget: '', provider: '', target: '', up: '', spotUp: '', window: '', compressible: '' },
  ...{ weights: '', kvCache: '', apart: false, link: '' },
  ...{ hostGb: '', hostLink: '', hostUsd: '', diskGb: '', diskLink: '', diskUsd: '' },
};

/** The options as the API takes them. */
export function optionsOf(draft: OptionDraft): Partial<PlanBody> {
  const { rate, budget, provider, target, up, spotUp, window, compressible, apart, link } = draft;
  const seconds = secondsOf(window);
  return {
    ...(rate === '' ? {} : { rate: Number(rate) }),
    ...(budget === '' ? {} : { budget: Number(budget) }),
    ...(provider === '' ? {} : { provider }),
    ...precisionOf(draft),
    buying: {
      ...(target === '' ? {} : { target: Number(target) / 100 }),
      ...(up === '' ? {} : { up: Number(up) / 100 }),
      ...(spotUp === '' ? {} : { spot_up: Number(spotUp) / 100 }),
    },
    ...(apart ? { disaggregate: link === '' ? {} : { link: Number(link) } } : {}),
    ...(draft.hostGb === ''
      ? {}
      : {
          host_memory: {
            ...tierOf(draft.hostGb, draft.hostLink, draft.hostUsd),
            ...(draft.diskGb === '' ? {} : { disk: tierOf(draft.diskGb, draft.diskLink, draft.diskUsd) }),
          },
        }),
    ...(seconds === undefined
      ? {}
      : {
          over_time: {
            window_s: seconds,
            ...(compressible === '' ? {} : { compressible: Number(compressible) / 100 }),
          },
        }),
  };
}

function tierOf(gb: string, link: string, usd: string) {
  return {
    gb: Number(gb),
    ...(link === '' ? {} : { link: Number(link) }),
    ...(usd === '' ? {} : { usd_per_gb_month: Number(usd) }),
  };
}

interface OptionFieldsProps {
  readonly draft: OptionDraft;
  readonly onChange: (draft: OptionDraft) => void;
}

/** How the fleet is bought, follows the load, and computes prompts. */
export function OptionFields({ draft, onChange }: OptionFieldsProps) {
  const number = (of: Exclude<keyof OptionDraft, 'apart'>) => ({
    value: draft[of],
    onChange: (value: string) => onChange({ ...draft, [of]: value }),
  });
  return (
    <>
      <OptionalNumberField
        label="Stretched to, requests a second"
        min={0.01}
        max={1e6}
        placeholder="as they came"
        {...number('rate')}
      />
      <OptionalNumberField
        label="As many as this carries, USD an hour"
        min={0.01}
        max={1e6}
        placeholder="all of them, at any price"
        {...number('budget')}
      />
      <OptionalNumberField
        label="Enough replicas are up, % of time"
        min={0.001}
        max={99.999}
        placeholder="99.9"
        {...number('target')}
      />
      <OptionalNumberField label="A machine is up, % of time" min={1} max={100} placeholder="99.89" {...number('up')} />
      <OptionalNumberField
        label="Spot machines are up, % of time"
        min={1}
        max={100}
        placeholder="none are bought"
        {...number('spotUp')}
      />
      <DurationField label="Sized anew every" placeholder="never; or 5 min" {...number('window')} />
      {secondsOf(draft.window) === undefined ? undefined : (
        <OptionalNumberField
          label="Prompts that can be compressed, %"
          min={0}
          max={100}
          placeholder="none"
          {...number('compressible')}
        />
      )}
      <label class="field">
        <span>Prompts are computed</span>
        <select
          value={draft.apart ? 'apart' : 'whole'}
          onChange={event => onChange({ ...draft, apart: event.currentTarget.value === 'apart' })}
        >
          <option value="whole">by the replicas that answer</option>
          <option value="apart">by these, or by replicas of their own</option>
        </select>
      </label>
      {draft.apart ? (
        <OptionalNumberField
          label="KV into a replica, GB a second"
          min={0.01}
          max={10_000}
          placeholder="25"
          {...number('link')}
        />
      ) : undefined}
      <PrecisionFields draft={draft} onChange={chosen => onChange({ ...draft, ...chosen })} />
      <TierFields number={number} hasHost={draft.hostGb !== ''} hasDisk={draft.diskGb !== ''} />
    </>
  );
}
