import { OptionalNumberField } from '../ui/number-field.js';

type Field = 'hostGb' | 'hostLink' | 'hostUsd' | 'diskGb' | 'diskLink' | 'diskUsd';

interface TierFieldsProps {
  readonly number: (of: Field) => { readonly value: string; readonly onChange: (value: string) => void };
  readonly hasHost: boolean;
  readonly hasDisk: boolean;
}

/** Where KV is kept that GPUs have to give up: what is not there is not asked about. */
export function TierFields({ number, hasHost, hasDisk }: TierFieldsProps) {
  return (
    <>
      <OptionalNumberField
        label="Host memory for KV, GB beside each GPU"
        min={0.1}
        max={1e6}
        placeholder="none"
        {...number('hostGb')}
      />
      {hasHost ? (
        <>
          <OptionalNumberField
            label="Read from there, GB a second"
            min={0.01}
            max={1e5}
            placeholder="25"
            {...number('hostLink')}
          />
          <OptionalNumberField
            label="A GB of it, USD a month"
            min={0}
            max={1000}
            placeholder="in the machine’s price"
            {...number('hostUsd')}
          />
          <OptionalNumberField
            label="Storage behind it, GB beside each GPU"
            min={0.1}
            max={1e6}
            placeholder="none"
            {...number('diskGb')}
          />
        </>
      ) : undefined}
      {hasHost && hasDisk ? (
        <>
          <OptionalNumberField
            label="Read from storage, GB a second"
            min={0.01}
            max={1e5}
            placeholder="3"
            {...number('diskLink')}
          />
          <OptionalNumberField
            label="A GB of storage, USD a month"
            min={0}
            max={1000}
            placeholder="in the machine’s price"
            {...number('diskUsd')}
          />
        </>
      ) : undefined}
    </>
  );
}
