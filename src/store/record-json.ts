import type { AttemptOutcome, Outcome } from '#contract/outcome.js';
import type { Placement, ReplicaScore } from '#contract/placement.js';
import type { DecisionRecord, ProfileSummary } from '#contract/record.js';
import type { Candidate, RouteParameters, StageNote } from '#contract/route.js';
import type { SignalReading } from '#contract/signal.js';
import { list, number, quoted, time, word } from './json-text.js';
import { type Part, PartTable, SharedParts } from './shared-parts.js';

type Passed = DecisionRecord['reason']['passed'][number];
type End = AttemptOutcome | Outcome;

/**
 * Writes decision records as JSON, by hand: this runs once a request, on the thread that serves it. Most of a record is the same as
 * in the one before (a signal that found nothing, a candidate and why it stands where it stands), so such parts are
 * written once a batch: `{"is":3,"ms":0.0123}` is part 3 of the batch and a time of its own. `restored` puts a record together again,
 * times rounded to 0.1 µs; a property test over all fields of the contract, which the compiler keeps complete, sees that none is
 * forgotten here.
 */
export class RecordJson {
  private readonly shared = new SharedParts();
  private readonly routes = new PartTable();
  private readonly profiles = new PartTable();
  private readonly readings = new PartTable();
  private readonly refusals = new PartTable();
  private readonly rankings = new PartTable();
  private readonly notes = new PartTable();
  private readonly places = new PartTable();
  private readonly rivals = new PartTable();
  private readonly ends = new PartTable();
  private lastParameters: RouteParameters | undefined;
  private lastParametersJson = '';

  /** The record but for what {@link RecordJson.facts} holds. */
  record(record: DecisionRecord): string {
    const { caller, reason, placement } = record;
    let json = `${this.shared.open(this.route(record))},"caller":{"address":${word(caller.address)}`;
    if (caller.key !== undefined) json += `,"key":${word(caller.key)}`;
    if (caller.user !== undefined) json += `,"user":${quoted(caller.user)}`;
    json += `},"profile":${this.profile(record.profile)},"signals":${list(record.signals, this.signal)}`;
    json += `,"reason":{"summary":${quoted(reason.summary)},"passed":${list(reason.passed, this.passed)}}`;
    json += `,"candidates":${list(record.candidates, this.candidate)},"stages":${list(record.stages, this.stage)}`;
    if (placement !== undefined) json += `,"placement":${this.placement(placement)}`;
    json += `,"attempts":${list(record.attempts, this.attempt)},"outcome":${this.outcome(record.outcome)}`;
    if (record.prompt !== undefined) json += `,"prompt":${JSON.stringify(record.prompt)}`;
    return `${json}}`;
  }

  /** What records are looked up by, as a JSON array in the order of `Facts`, and the length of the record's JSON. */
  facts({ id, at, profile, decision, outcome }: DecisionRecord, length: number): string {
    const { model, status } = outcome;
    return `[${quoted(id)},${number(at)},${quoted(profile.session)},${word(decision)},${word(model)},"${status}",${length}]`;
  }

  /** The parts that the records since the last call have in common, as a JSON array. */
  takeShared(): string {
    return this.shared.take();
  }

  private route({ decision, api, modelAsked, stream, selector, strategy, parameters, configVersion }: DecisionRecord): Part {
    const json = this.parametersJson(parameters);
    return (
      this.routes.find(decision, api, modelAsked, stream, selector, strategy, configVersion, json) ??
      this.routes.add(
        decision,
        `{"api":${word(api)},"modelAsked":${word(modelAsked)},"stream":${stream},"selector":${word(selector)}` +
          `,"strategy":${word(strategy)},"configVersion":${word(configVersion)},"parameters":${json}}`,
        api,
        modelAsked,
        stream,
        selector,
        strategy,
        configVersion,
        json,
      )
    );
  }

  private parametersJson(parameters: RouteParameters): string {
    if (parameters === this.lastParameters) return this.lastParametersJson;
    this.lastParameters = parameters;
    this.lastParametersJson = JSON.stringify(parameters);
    return this.lastParametersJson;
  }

  private profile(profile: ProfileSummary): string {
    const { application, archetype, warmth, heaviness, modality } = profile;
    const part =
      this.profiles.find(application, archetype, warmth, heaviness, modality) ??
      this.profiles.add(
        application,
        `{"archetype":"${archetype}","warmth":"${warmth}","heaviness":"${heaviness}","modality":"${modality}"` +
          `,"application":${word(application)}}`,
        archetype,
        warmth,
        heaviness,
        modality,
      );
    const { p50, p75 } = profile.outputTokens;
    return (
      `${this.shared.open(part)},"turn":${number(profile.turn)},"promptTokens":${number(profile.promptTokens)}` +
      `,"outputTokens":{"p50":${number(p50)},"p75":${number(p75)}}}`
    );
  }

  private readonly signal = (signal: SignalReading): string => {
    const { name, type, state, score, label, evidence } = signal;
    const part = this.readings.find(name, type, state, score, label, evidence) ?? this.newReading(signal);
    return `${this.shared.open(part)},"ms":${time(signal.ms)}}`;
  };

  private newReading({ name, type, state, score, label, evidence }: SignalReading): Part {
    let json = `{"name":${word(name)},"type":${word(type)},"state":"${state}","score":${number(score)}`;
    if (label !== undefined) json += `,"label":${word(label)}`;
    if (evidence !== undefined) json += `,"evidence":${quoted(evidence)}`;
    return this.readings.add(name, `${json}}`, type, state, score, label, evidence);
  }

  private readonly passed = ({ decision, why }: Passed): string => {
    const part =
      this.refusals.find(decision, why) ??
      this.refusals.add(decision, `{"decision":${word(decision)},"why":${quoted(why)}}`, why);
    return `${this.shared.open(part)}}`;
  };

  private readonly candidate = ({ model, score, propensity, reason, eligible }: Candidate): string => {
    const part =
      this.rankings.find(model, reason, eligible) ??
      this.rankings.add(
        model,
        `{"model":${word(model)},"reason":${quoted(reason)},"eligible":${eligible}}`,
        reason,
        eligible,
      );
    return `${this.shared.open(part)},"score":${number(score)},"propensity":${number(propensity)}}`;
  };

  private readonly stage = ({ stage, ms, note }: StageNote): string => {
    const part =
      this.notes.find(stage, note) ??
      this.notes.add(
        stage,
        note === undefined ? `{"stage":${word(stage)}}` : `{"stage":${word(stage)},"note":${quoted(note)}}`,
        note,
      );
    return `${this.shared.open(part)},"ms":${time(ms)}}`;
  };

  private placement(placement: Placement): string {
    const { pool, replica } = placement;
    const part =
      this.places.find(replica, pool) ??
      this.places.add(replica, `{"pool":${word(pool)},"replica":${word(replica)}}`, pool);
    return (
      `${this.shared.open(part)},"expectedPrefixTokens":${number(placement.expectedPrefixTokens)}` +
      `,"score":${number(placement.score)},"losers":${list(placement.losers, this.loser)}` +
      `,"considered":${number(placement.considered)},"queuedMs":${time(placement.queuedMs)}}`
    );
  }

  private readonly loser = ({ replica, score, filtered }: ReplicaScore): string => {
    const part =
      this.rivals.find(replica, filtered) ??
      this.rivals.add(
        replica,
        filtered === undefined
          ? `{"replica":${word(replica)}}`
          : `{"replica":${word(replica)},"filtered":${quoted(filtered)}}`,
        filtered,
      );
    return `${this.shared.open(part)},"score":${number(score)}}`;
  };

  private readonly attempt = (attempt: AttemptOutcome): string => {
    let json = this.shared.open(this.end(attempt, undefined));
    if (attempt.ttftMs !== undefined) json += `,"ttftMs":${time(attempt.ttftMs)}`;
    return `${json},"durationMs":${time(attempt.durationMs)}}`;
  };

  private outcome(outcome: Outcome): string {
    const { usage } = outcome;
    let json = this.shared.open(this.end(outcome, outcome.finish));
    if (usage !== undefined) {
      json += `,"usage":{"promptTokens":${number(usage.promptTokens)},"completionTokens":${number(usage.completionTokens)}`;
      json += `,"cachedTokens":${number(usage.cachedTokens)}}`;
    }
    if (outcome.ttftMs !== undefined) json += `,"ttftMs":${time(outcome.ttftMs)}`;
    if (outcome.tpotMs !== undefined) json += `,"tpotMs":${time(outcome.tpotMs)}`;
    json += `,"e2eMs":${time(outcome.e2eMs)},"queuedMs":${time(outcome.queuedMs)}`;
    if (outcome.costUsd !== undefined) json += `,"costUsd":${number(outcome.costUsd)}`;
    if (outcome.joules !== undefined) json += `,"joules":${number(outcome.joules)}`;
    return `${json}}`;
  }

  private end({ model, pool, replica, status, httpStatus, error }: End, finish: string | undefined): Part {
    const known = this.ends.find(replica, status, model, pool, httpStatus, error, finish);
    if (known !== undefined) return known;
    let json = `{"status":"${status}","model":${word(model)},"pool":${word(pool)},"replica":${word(replica)}`;
    json += `,"httpStatus":${number(httpStatus)}`;
    if (error !== undefined) json += `,"error":${word(error)}`;
    if (finish !== undefined) json += `,"finish":${word(finish)}`;
    return this.ends.add(replica, `${json}}`, status, model, pool, httpStatus, error, finish);
  }
}
