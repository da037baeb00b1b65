import { isWeirError, WeirError } from '#contract/errors.js';

/** The options that errors of a plan are about. */
const FLAGS: Readonly<Record<string, string>> = {
  ...{
    rate: '--rate',
    budget: '--budget',
    slo: '--slo-ttft',
    model: '--model',
    gpus: '--gpu',
    weights: '--weights',
    price: '--price',
    'overTime.windowMs': '--resize',
  },
};

/** What `work` gives; where it fails, by the name of the option that is wrong. */
export function withFlags<Given>(work: () => Given): Given {
  try {
    return work();
  } catch (error) {
    const flag = isWeirError(error) ? FLAGS[error.path ?? ''] : undefined;
    if (!isWeirError(error) || flag === undefined) throw error;
    const { code, message, hint } = error;
    throw new WeirError(code, message, { path: flag, cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}
