import type { Bytes, Milliseconds } from '#contract/units.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { replicaCapacity } from './capacity.js';
import { fewest } from './fewest.js';
import { LengthMix, type RequestLengths } from './length-mix.js';
import { forecastPool, type Offered, type PoolForecast } from './pool-model.js';

/** Prompts are read on one kind of replica and answers written on another. */
export interface Disaggregated {
  readonly prefill: EngineProfile;
  readonly decode: EngineProfile;
  /** Of the network into one decode replica. */
  readonly linkBytesPerSecond: Bytes;
  readonly requests: readonly RequestLengths[];
  /** Requests a second. */
  readonly rate: number;
  readonly arrivalCv2: number;
}

export interface DisaggregatedForecast {
  readonly prefill: PoolForecast;
  readonly decode: PoolForecast;
  /** Wait and prefill, then the transfer of its own KV; on top, the mean iteration and a half until the decode replica's first token. */
  readonly p99TtftMs: Milliseconds;
  readonly tpotMs: Milliseconds;
  /** Share of the time that the links are busy with KV. */
  readonly linkUtilisation: number;
}

/**
 * A model of disaggregated serving that is made of two of the pools of the aggregated one: a prefill replica serves requests whose answer is one
 * token, a decode replica requests whose prompts are all in its cache, which hold their KV all the same. Between them the KV of the prompt,
 * tokens · bytes a token, crosses the link of the decode replica; the links are to be seldom busy, so that transfers hardly queue.
 */
export class DisaggregatedModel {
  private readonly prompts: Omit<Offered, 'rate'>;
  private readonly answers: Omit<Offered, 'rate'>;
  private readonly prefillCapacity: number;
  private readonly decodeCapacity: number;
  private readonly bytesPerRequest: Bytes;

  constructor(private readonly setting: Disaggregated) {
    const { prefill, decode, requests, arrivalCv2, linkBytesPerSecond } = setting;
    const perToken = prefill.kvTransferBytesPerToken;
    const transferMs = ({ promptTokens }: RequestLengths) => (1000 * promptTokens * perToken) / linkBytesPerSecond;
    const prompts = new LengthMix(requests.map(one => ({ ...one, outputTokens: 1 })));
    // What comes over the link is not read from the memory behind the GPUs.
    const answers = new LengthMix(
      requests.map(({ promptTokens, outputTokens }) => ({
        promptTokens,
        outputTokens,
        cachedTokens: promptTokens - 1,
      })),
    );
    this.prompts = { ...demandOf(prompts), arrivalCv2, delayMs: transferMs };
    this.answers = { ...demandOf(answers), arrivalCv2 };
    this.prefillCapacity = replicaCapacity(prefill, this.prompts);
    this.decodeCapacity = replicaCapacity(decode, this.answers);
    const tokens = requests.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
    this.bytesPerRequest = (tokens / requests.length) * perToken;
  }

  /** How so many replicas of each fare; `undefined` where one of the two, or the links, do not keep up. */
  forecast(prefillReplicas: number, decodeReplicas: number): DisaggregatedForecast | undefined {
    const { rate, linkBytesPerSecond, prefill, decode } = this.setting;
    const linkUtilisation = (rate * this.bytesPerRequest) / (decodeReplicas * linkBytesPerSecond);
    const before = forecastPool(prefill, prefillReplicas, { ...this.prompts, rate }, this.prefillCapacity);
    const after = forecastPool(decode, decodeReplicas, { ...this.answers, rate }, this.decodeCapacity);
    if (before === undefined || after === undefined || linkUtilisation >= 1) return undefined;
    return {
      ...{ prefill: before, decode: after, linkUtilisation },
      p99TtftMs: before.p99TtftMs + 1.5 * after.tpotMs,
      tpotMs: after.tpotMs,
    };
  }

  /** The fewest of each with which both objectives hold, the one being looked for after the other; `undefined` above `most`. */
  size(slo: { readonly ttftP99Ms: Milliseconds; readonly tpotMs: Milliseconds }, most = 4096) {
    const { rate, decode } = this.setting;
    const tpotOf = (replicas: number) =>
      forecastPool(decode, replicas, { ...this.answers, rate }, this.decodeCapacity)?.tpotMs ??
      Number.POSITIVE_INFINITY;
    const decodeReplicas = fewest(Math.ceil(rate / this.decodeCapacity), most, n => tpotOf(n) <= slo.tpotMs);
    if (decodeReplicas === undefined) return undefined;
    const prefillReplicas = fewest(Math.ceil(rate / this.prefillCapacity), most, n => {
      const forecast = this.forecast(n, decodeReplicas);
      return forecast !== undefined && forecast.p99TtftMs <= slo.ttftP99Ms;
    });
    if (prefillReplicas === undefined) return undefined;
    return { prefillReplicas, decodeReplicas, forecast: this.forecast(prefillReplicas, decodeReplicas)! };
  }
}

function demandOf(mix: LengthMix) {
  return { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size) };
}
