import type { AttemptOutcome, Outcome } from '#contract/outcome.js';
import type { Placement, ReplicaScore, ScoreParts } from '#contract/placement.js';
import type { DecisionRecord, ProfileSummary } from '#contract/record.js';
import type { Candidate, RouteParameters, StageNote } from '#contract/route.js';
import type { SignalReading } from '#contract/signal.js';
import type { Bytes } from '#contract/units.js';
import { JsonBytes } from './json-bytes.js';
import { JSON_TEXT } from './json-fragments.js';
import { type Part, PartTable } from './part-table.js';

type Passed = DecisionRecord['reason']['passed'][number];
type End = AttemptOutcome | Outcome;

export interface PartsMark {
  readonly end: Bytes;
  readonly wide: number;
  readonly parts: number;
}

/**
 * Writes decision records as JSON, by hand: this runs once a request, on the thread that serves it. Most of a record is the same as
 * in the one before (a signal that found nothing, a candidate and why it stands where it stands), so such parts are
 * written once a batch: signal `[3,0.0123]` is part 3 of the batch and a time of its own, outcome `{"is":7,…}` is part 7 and more. `restored` puts a record together again,
 * times rounded to 0.1 µs; a property test over all fields of the contract, which the compiler keeps complete, sees that none is
 * forgotten here.
 */
export class RecordJson {
  /** The records of the batch, what they are looked up by, and the parts they have in common: inner texts of three JSON arrays. */
  readonly json = new JsonBytes(131_072);
  readonly facts = new JsonBytes(16_384);
  readonly shared = new JsonBytes(32_768);
  private readonly routes = new PartTable(7);
  private readonly profiles = new PartTable(4);
  private readonly readings = new PartTable(6);
  private readonly refusals = new PartTable(1);
  private readonly rankings = new PartTable(2);
  private readonly notes = new PartTable(1);
  private readonly places = new PartTable(1);
  private readonly rivals = new PartTable(1);
  private readonly ends = new PartTable(6);
  private batch = 1;
  private parts = 0;
  private lastParameters: RouteParameters | undefined;
  private lastParametersJson = '';

  /** Begins the next batch. */
  clear(): void {
    this.json.clear();
    this.facts.clear();
    this.shared.clear();
    this.batch++;
    this.parts = 0;
  }

  /** Where the parts are, to go {@link RecordJson.back} to. */
  mark(): PartsMark {
    return { end: this.shared.end, wide: this.shared.wide, parts: this.parts };
  }

  /** Forgets the parts written since; those before are written again when they are needed again. */
  back({ end, wide, parts }: PartsMark): void {
    this.shared.cut(end, wide);
    this.parts = parts;
    this.batch++;
  }

  /** The record but for what {@link RecordJson.fact} holds. */
  record(record: DecisionRecord): void {
    const { json } = this;
    this.route(record);
    this.caller(record.caller);
    json.raw(JSON_TEXT.profile);
    this.profile(record.profile);
    json.raw(JSON_TEXT.signals);
    const { signals, candidates, stages, attempts } = record;
    for (let i = 0; i < signals.length; i++) this.signal(signals[i]!, i);
    json.raw(JSON_TEXT.reasonSummary);
    json.quoted(record.reason.summary);
    json.raw(JSON_TEXT.passed);
    const { passed } = record.reason;
    for (let i = 0; i < passed.length; i++) this.passed(passed[i]!, i);
    json.raw(JSON_TEXT.candidates);
    for (let i = 0; i < candidates.length; i++) this.candidate(candidates[i]!, i);
    json.raw(JSON_TEXT.stages);
    for (let i = 0; i < stages.length; i++) this.stage(stages[i]!, i);
    json.raw(JSON_TEXT.listEnd);
    if (record.placement !== undefined) this.placement(record.placement);
    json.raw(JSON_TEXT.attempts);
    for (let i = 0; i < attempts.length; i++) this.attempt(attempts[i]!, i);
    json.raw(JSON_TEXT.outcome);
    this.outcome(record.outcome);
    this.rare(JSON_TEXT.safety, record.safety);
    this.rare(JSON_TEXT.verdicts, record.verdicts);
    this.rare(JSON_TEXT.lost, record.lost);
    this.rare(JSON_TEXT.prompt, record.prompt);
    json.raw(JSON_TEXT.end);
  }

  /** What the record is looked up by, as a JSON array in the order of `Facts`. */
  fact({ id, at, profile, decision, outcome }: DecisionRecord, length: number): void {
    const { facts } = this;
    facts.raw(JSON_TEXT.list);
    facts.quoted(id);
    facts.comma();
    facts.number(at);
    facts.comma();
    facts.quoted(profile.session);
    facts.comma();
    facts.quoted(decision);
    facts.comma();
    facts.quoted(outcome.model);
    facts.comma();
    facts.quoted(outcome.status);
    facts.comma();
    facts.number(length);
    facts.raw(JSON_TEXT.listEnd);
  }

  /** Opens an object that is all that a part is, and more. */
  private open(part: Part): void {
    this.json.raw(JSON_TEXT.openIs);
    this.json.number(part.place);
  }

  /** Whether the part must still be written for this batch; it gets its place. */
  private unwritten(part: Part): boolean {
    if (part.batch === this.batch) return false;
    part.batch = this.batch;
    part.place = this.parts++;
    if (part.place > 0) this.shared.comma();
    return true;
  }

  /** One more field of an object: `name` with all that stands before the value. */
  private text(name: Uint8Array, value: string): void {
    this.shared.raw(name);
    this.shared.quoted(value);
  }

  private time(name: Uint8Array, value: number): void {
    this.json.raw(name);
    this.json.time(value);
  }

  /** A member that few records have, as it is. */
  private rare(name: Uint8Array, value: object | string | undefined): void {
    if (value === undefined) return;
    this.json.raw(name);
    this.json.encoded(JSON.stringify(value));
  }

  private number(name: Uint8Array, value: number): void {
    this.json.raw(name);
    this.json.number(value);
  }

  private route(record: DecisionRecord): void {
    const { decision, api, modelAsked, stream, selector, strategy, configVersion } = record;
    const parameters = this.parameters(record.parameters);
    const part = this.routes.of(decision, api, modelAsked, stream, selector, strategy, configVersion, parameters);
    if (this.unwritten(part)) {
      this.text(JSON_TEXT.openApi, api);
      this.text(JSON_TEXT.modelAsked, modelAsked);
      this.shared.raw(stream ? JSON_TEXT.streamTrue : JSON_TEXT.streamFalse);
      this.text(JSON_TEXT.selector, selector);
      this.text(JSON_TEXT.strategy, strategy);
      this.text(JSON_TEXT.configVersion, configVersion);
      this.shared.raw(JSON_TEXT.parameters);
      this.shared.encoded(parameters);
      this.shared.raw(JSON_TEXT.end);
    }
    this.open(part);
  }

  private parameters(parameters: RouteParameters): string {
    if (parameters === this.lastParameters) return this.lastParametersJson;
    this.lastParameters = parameters;
    this.lastParametersJson = JSON.stringify(parameters);
    return this.lastParametersJson;
  }

  private caller({ address, key, user, team }: DecisionRecord['caller']): void {
    const { json } = this;
    json.raw(JSON_TEXT.callerAddress);
    json.quoted(address);
    if (key !== undefined) {
      json.raw(JSON_TEXT.key);
      json.quoted(key);
    }
    if (user !== undefined) {
      json.raw(JSON_TEXT.user);
      json.quoted(user);
    }
    if (team !== undefined) {
      json.raw(JSON_TEXT.team);
      json.quoted(team);
    }
    json.raw(JSON_TEXT.end);
  }

  private profile(profile: ProfileSummary): void {
    const { application, archetype, warmth, heaviness, modality } = profile;
    const part = this.profiles.of(application, archetype, warmth, heaviness, modality);
    if (this.unwritten(part)) {
      this.text(JSON_TEXT.openArchetype, archetype);
      this.text(JSON_TEXT.warmth, warmth);
      this.text(JSON_TEXT.heaviness, heaviness);
      this.text(JSON_TEXT.modality, modality);
      this.text(JSON_TEXT.application, application);
      this.shared.raw(JSON_TEXT.end);
    }
    this.open(part);
    this.number(JSON_TEXT.turn, profile.turn);
    this.number(JSON_TEXT.promptTokens, profile.promptTokens);
    this.number(JSON_TEXT.outputTokensP50, profile.outputTokens.p50);
    this.number(JSON_TEXT.p75, profile.outputTokens.p75);
    this.json.raw(JSON_TEXT.endTwo);
  }

  private signal(signal: SignalReading, i: number): void {
    const { name, type, state, score, label, evidence, tier } = signal;
    const part = this.readings.of(name, state, score, evidence, label, type, tier);
    if (this.unwritten(part)) {
      this.text(JSON_TEXT.openName, name);
      this.text(JSON_TEXT.type, type);
      this.text(JSON_TEXT.state, state);
      this.shared.raw(JSON_TEXT.score);
      this.shared.number(score);
      if (label !== undefined) this.text(JSON_TEXT.label, label);
      if (evidence !== undefined) this.text(JSON_TEXT.evidence, evidence);
      if (tier !== undefined) this.text(JSON_TEXT.tier, tier);
      this.shared.raw(JSON_TEXT.end);
    }
    this.json.openList(part.place, i);
    this.json.time(signal.ms);
    this.json.closeList();
  }

  private passed({ decision, why }: Passed, i: number): void {
    const part = this.refusals.of(decision, why);
    if (this.unwritten(part)) {
      this.text(JSON_TEXT.openDecision, decision);
      this.text(JSON_TEXT.why, why);
      this.shared.raw(JSON_TEXT.end);
    }
    if (i > 0) this.json.comma();
    this.json.number(part.place);
  }

  private candidate({ model, score, propensity, reason, eligible }: Candidate, i: number): void {
    const part = this.rankings.of(model, eligible, reason);
    if (this.unwritten(part)) {
      this.text(JSON_TEXT.openModel, model);
      this.text(JSON_TEXT.reason, reason);
      this.shared.raw(eligible ? JSON_TEXT.eligibleTrue : JSON_TEXT.eligibleFalse);
    }
    this.json.openList(part.place, i);
    this.json.number(score);
    this.json.comma();
    this.json.number(propensity);
    this.json.closeList();
  }

  private stage({ stage, ms, note }: StageNote, i: number): void {
    const part = this.notes.of(stage, note);
    if (this.unwritten(part)) {
      this.text(JSON_TEXT.openStage, stage);
      if (note !== undefined) this.text(JSON_TEXT.note, note);
      this.shared.raw(JSON_TEXT.end);
    }
    this.json.openList(part.place, i);
    this.json.time(ms);
    this.json.closeList();
  }

  private placement(placement: Placement): void {
    const { pool, replica, losers } = placement;
    const part = this.places.of(replica, pool);
    if (this.unwritten(part)) {
      this.text(JSON_TEXT.openPool, pool);
      this.text(JSON_TEXT.replica, replica);
      this.shared.raw(JSON_TEXT.end);
    }
    this.json.raw(JSON_TEXT.placement);
    this.open(part);
    this.number(JSON_TEXT.expectedPrefixTokens, placement.expectedPrefixTokens);
    this.number(JSON_TEXT.score, placement.score);
    this.json.raw(JSON_TEXT.losers);
    for (let i = 0; i < losers.length; i++) this.loser(losers[i]!, i);
    this.number(JSON_TEXT.considered, placement.considered);
    this.time(JSON_TEXT.queuedMs, placement.queuedMs);
    if (placement.parts !== undefined) this.scoreParts(placement.parts);
    this.rare(JSON_TEXT.retention, placement.retention);
    this.rare(JSON_TEXT.prefill, placement.prefill);
    this.rare(JSON_TEXT.prefixSource, placement.prefixSource);
    this.rare(JSON_TEXT.prefixTiers, placement.prefixTiers);
    this.rare(JSON_TEXT.prefixLeftOut, placement.prefixLeftOut);
    this.json.raw(JSON_TEXT.end);
  }

  private scoreParts({ scorers, chosen, losers }: ScoreParts): void {
    const { json } = this;
    json.raw(JSON_TEXT.scoreParts);
    for (let i = 0; i < scorers.length; i++) {
      const { name, weight } = scorers[i]!;
      if (i > 0) json.comma();
      json.raw(JSON_TEXT.openScorer);
      json.quoted(name);
      this.number(JSON_TEXT.weight, weight);
      json.raw(JSON_TEXT.end);
    }
    json.raw(JSON_TEXT.chosenParts);
    json.numbers(chosen);
    json.raw(JSON_TEXT.loserParts);
    for (let i = 0; i < losers.length; i++) {
      if (i > 0) json.comma();
      json.numbers(losers[i]!);
    }
    json.raw(JSON_TEXT.scorePartsEnd);
  }

  private loser({ replica, score, filtered }: ReplicaScore, i: number): void {
    const part = this.rivals.of(replica, filtered);
    if (this.unwritten(part)) {
      this.text(JSON_TEXT.openReplica, replica);
      if (filtered !== undefined) this.text(JSON_TEXT.filtered, filtered);
      this.shared.raw(JSON_TEXT.end);
    }
    this.json.openList(part.place, i);
    this.json.number(score);
    this.json.closeList();
  }

  private attempt(attempt: AttemptOutcome, i: number): void {
    const part = this.end(attempt, undefined);
    if (i > 0) this.json.comma();
    this.open(part);
    if (attempt.ttftMs !== undefined) this.time(JSON_TEXT.ttftMs, attempt.ttftMs);
    this.time(JSON_TEXT.durationMs, attempt.durationMs);
    this.rare(JSON_TEXT.prefill, attempt.prefill);
    this.rare(JSON_TEXT.judged, attempt.judged);
    this.rare(JSON_TEXT.usage, attempt.usage);
    if (attempt.costUsd !== undefined) this.number(JSON_TEXT.costUsd, attempt.costUsd);
    this.json.raw(JSON_TEXT.end);
  }

  private outcome(outcome: Outcome): void {
    const { usage, unreported } = outcome;
    this.open(this.end(outcome, outcome.finish));
    if (usage !== undefined) {
      this.number(JSON_TEXT.usagePromptTokens, usage.promptTokens);
      this.number(JSON_TEXT.completionTokens, usage.completionTokens);
      this.number(JSON_TEXT.cachedTokens, usage.cachedTokens);
      this.json.raw(JSON_TEXT.end);
    }
    if (unreported !== undefined) {
      this.number(JSON_TEXT.unreportedPromptTokens, unreported.promptTokens);
      this.number(JSON_TEXT.completionTokens, unreported.completionTokens);
      this.number(JSON_TEXT.cachedTokens, unreported.cachedTokens);
      this.json.raw(JSON_TEXT.end);
    }
    if (outcome.ttftMs !== undefined) this.time(JSON_TEXT.ttftMs, outcome.ttftMs);
    if (outcome.tpotMs !== undefined) this.time(JSON_TEXT.tpotMs, outcome.tpotMs);
    this.time(JSON_TEXT.e2eMs, outcome.e2eMs);
    this.time(JSON_TEXT.queuedMs, outcome.queuedMs);
    if (outcome.costUsd !== undefined) this.number(JSON_TEXT.costUsd, outcome.costUsd);
    if (outcome.joules !== undefined) this.number(JSON_TEXT.joules, outcome.joules);
    this.json.raw(JSON_TEXT.end);
  }

  private end({ model, pool, replica, status, httpStatus, error }: End, finish: string | undefined): Part {
    const part = this.ends.of(replica, status, model, pool, httpStatus, error, finish);
    if (this.unwritten(part)) {
      this.text(JSON_TEXT.openStatus, status);
      this.text(JSON_TEXT.model, model);
      this.text(JSON_TEXT.pool, pool);
      this.text(JSON_TEXT.replica, replica);
      this.shared.raw(JSON_TEXT.httpStatus);
      this.shared.number(httpStatus);
      if (error !== undefined) this.text(JSON_TEXT.error, error);
      if (finish !== undefined) this.text(JSON_TEXT.finish, finish);
      this.shared.raw(JSON_TEXT.end);
    }
    return part;
  }
}
