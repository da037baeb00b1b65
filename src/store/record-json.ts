import type { AttemptOutcome, Outcome } from '#contract/outcome.js';
import type { Placement } from '#contract/placement.js';
import type { DecisionRecord, ProfileSummary } from '#contract/record.js';
import type { Candidate, StageNote } from '#contract/route.js';
import type { SignalReading } from '#contract/signal.js';

/**
 * A decision record as JSON text, written by hand: this runs once a request, and `JSON.stringify` costs 1.4 times as much, most
 * of it for the seventeen digits of measured times. What it writes parses back to the record, times rounded to 0.1 µs; a property test
 * over all fields of the contract, which the compiler keeps complete, sees that none is forgotten here.
 */
export function recordJson(record: DecisionRecord): string {
  const { caller } = record;
  let json = `{"id":${quoted(record.id)},"at":${number(record.at)},"api":${word(record.api)}`;
  json += `,"modelAsked":${word(record.modelAsked)},"stream":${record.stream},"caller":{"address":${word(caller.address)}`;
  if (caller.key !== undefined) json += `,"key":${word(caller.key)}`;
  if (caller.user !== undefined) json += `,"user":${quoted(caller.user)}`;
  json += `},"profile":${profileJson(record.profile)},"signals":${list(record.signals, signalJson)}`;
  json += `,"decision":${word(record.decision)},"reason":{"summary":${quoted(record.reason.summary)},"passed":`;
  json += `${list(record.reason.passed, passedJson)}},"selector":${word(record.selector)},"strategy":${word(record.strategy)}`;
  json += `,"candidates":${list(record.candidates, candidateJson)},"parameters":${JSON.stringify(record.parameters)}`;
  json += `,"stages":${list(record.stages, stageJson)}`;
  if (record.placement !== undefined) json += `,"placement":${placementJson(record.placement)}`;
  json += `,"attempts":${list(record.attempts, attemptJson)},"outcome":${outcomeJson(record.outcome)}`;
  json += `,"configVersion":${word(record.configVersion)}`;
  if (record.prompt !== undefined) json += `,"prompt":${JSON.stringify(record.prompt)}`;
  return `${json}}`;
}

function profileJson(profile: ProfileSummary): string {
  const { p50, p75 } = profile.outputTokens;
  return (
    `{"archetype":"${profile.archetype}","turn":${number(profile.turn)},"warmth":"${profile.warmth}"` +
    `,"heaviness":"${profile.heaviness}","modality":"${profile.modality}","session":${quoted(profile.session)}` +
    `,"application":${word(profile.application)},"promptTokens":${number(profile.promptTokens)}` +
    `,"outputTokens":{"p50":${number(p50)},"p75":${number(p75)}}}`
  );
}

function signalJson(signal: SignalReading): string {
  let json = signalHead(signal) + number(signal.score);
  if (signal.label !== undefined) json += `,"label":${word(signal.label)}`;
  if (signal.evidence !== undefined) json += `,"evidence":${quoted(signal.evidence)}`;
  return `${json},"ms":${time(signal.ms)}}`;
}

interface SignalHeads {
  readonly type: string;
  readonly true: string;
  readonly false: string;
  readonly unknown: string;
}

const signalHeads = new Map<string, SignalHeads>();

/** A signal's name, type and state up to its score: half of a record is signals, and half of a signal is this. */
function signalHead({ name, type, state }: SignalReading): string {
  let heads = signalHeads.get(name);
  if (heads === undefined || heads.type !== type) {
    const head = (of: string): string => `{"name":${word(name)},"type":${word(type)},"state":"${of}","score":`;
    heads = { type, true: head('true'), false: head('false'), unknown: head('unknown') };
    if (signalHeads.size >= MAX_WORDS) signalHeads.clear();
    signalHeads.set(name, heads);
  }
  return heads[state];
}

function passedJson(passed: DecisionRecord['reason']['passed'][number]): string {
  return `{"decision":${word(passed.decision)},"why":${quoted(passed.why)}}`;
}

function candidateJson(candidate: Candidate): string {
  return (
    `{"model":${word(candidate.model)},"score":${number(candidate.score)},"propensity":${number(candidate.propensity)}` +
    `,"reason":${quoted(candidate.reason)},"eligible":${candidate.eligible}}`
  );
}

function stageJson(stage: StageNote): string {
  const note = stage.note === undefined ? '' : `,"note":${quoted(stage.note)}`;
  return `{"stage":${word(stage.stage)},"ms":${time(stage.ms)}${note}}`;
}

function placementJson(placement: Placement): string {
  return (
    `{"pool":${word(placement.pool)},"replica":${word(placement.replica)}` +
    `,"expectedPrefixTokens":${number(placement.expectedPrefixTokens)},"score":${number(placement.score)}` +
    `,"losers":${list(placement.losers, loserJson)},"considered":${number(placement.considered)}` +
    `,"queuedMs":${time(placement.queuedMs)}}`
  );
}

function loserJson(loser: Placement['losers'][number]): string {
  const filtered = loser.filtered === undefined ? '' : `,"filtered":${quoted(loser.filtered)}`;
  return `{"replica":${word(loser.replica)},"score":${number(loser.score)}${filtered}}`;
}

function attemptJson(attempt: AttemptOutcome): string {
  let json = `{"model":${word(attempt.model)},"pool":${word(attempt.pool)},"replica":${word(attempt.replica)}`;
  json += `,"status":"${attempt.status}","httpStatus":${number(attempt.httpStatus)}`;
  if (attempt.error !== undefined) json += `,"error":${word(attempt.error)}`;
  if (attempt.ttftMs !== undefined) json += `,"ttftMs":${time(attempt.ttftMs)}`;
  return `${json},"durationMs":${time(attempt.durationMs)}}`;
}

function outcomeJson(outcome: Outcome): string {
  const { usage } = outcome;
  let json = `{"status":"${outcome.status}","model":${word(outcome.model)},"pool":${word(outcome.pool)}`;
  json += `,"replica":${word(outcome.replica)},"httpStatus":${number(outcome.httpStatus)}`;
  if (outcome.error !== undefined) json += `,"error":${word(outcome.error)}`;
  if (outcome.finish !== undefined) json += `,"finish":${word(outcome.finish)}`;
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

function list<T>(items: readonly T[], write: (item: T) => string): string {
  if (items.length === 0) return '[]';
  let json = `[${write(items[0]!)}`;
  for (let i = 1; i < items.length; i++) json += `,${write(items[i]!)}`;
  return `${json}]`;
}

/** JSON has no infinities and no NaN: they become null, as in `JSON.stringify`. */
function number(value: number): string {
  return Number.isFinite(value) ? `${value}` : 'null';
}

const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'));

/** A time in ms to four decimals, by integer arithmetic: half the cost of the shortest text of a double. */
function time(value: number): string {
  const tenths = Math.round(value * 1e4);
  if (!(tenths >= 0 && tenths < 2 ** 31 * 1e4)) return number(value);
  const whole = Math.floor(tenths / 1e4);
  const rest = tenths - whole * 1e4;
  if (rest === 0) return `${whole}`;
  const upper = (rest / 100) | 0;
  return `${whole}.${TWO_DIGITS[upper]}${TWO_DIGITS[rest - upper * 100]}`;
}

/** All of printable ASCII but the quotation mark and the backslash: what JSON writes as it stands. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return text.length < 512 && PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const MAX_WORDS = 1024;
const MAX_WORD = 64;
const words = new Map<string, string>();

/** Text out of a small set (names of models, signals, decisions), as JSON: remembered, at most 1,024 of them. */
function word(text: string): string {
  let json = words.get(text);
  if (json === undefined) {
    json = quoted(text);
    if (text.length <= MAX_WORD) {
      if (words.size >= MAX_WORDS) words.clear();
      words.set(text, json);
    }
  }
  return json;
}
