import { InvalidArgumentError } from 'commander';
import { parseDuration, type Usd } from '#contract/units.js';
import { HOURS_PER_MONTH } from '#fleet/plan/memory-tiers.js';

/** 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected 0 to 1.');
  return value;
}

const HOURS = { h: 1, hour: 1, month: HOURS_PER_MONTH };

/** USD an hour, from an amount and what it is for: `40/h`, `30000/month`. */
export function budget(text: string): Usd {
  const [, amount, per] = /^\$?(\d+(?:\.\d+)?) ?\/ ?(h|hour|month)$/.exec(text.trim()) ?? [];
  const usd = Number(amount) / HOURS[per as keyof typeof HOURS];
  if (usd > 0) return usd;
  throw new InvalidArgumentError('Expected USD above 0 an hour or a month: 40/h, 30000/month.');
}

/** 0 or more. */
export function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || !Number.isFinite(value))
    throw new InvalidArgumentError('Expected 0 or more.');
  return value;
}

/** More than 0, at most 1. */
export function upTo1(text: string): number {
  const value = share(text);
  if (value === 0) throw new InvalidArgumentError('Expected more than 0 and at most 1.');
  return value;
}

/** More than 0, less than 1. */
export function below1(text: string): number {
  const value = share(text);
  if (value === 0 || value === 1) throw new InvalidArgumentError('Expected more than 0 and less than 1.');
  return value;
}

/** A duration of at least a second, in ms. */
export function span(text: string): number {
  const value = parseDuration(text);
  if (value === undefined || value < 1000) throw new InvalidArgumentError('Expected a duration from 1s: 10m, 1h.');
  return value;
}

/** Names between commas, each once. */
export function names(text: string): readonly string[] {
  const list = text.split(',').map(name => name.trim());
  if (list.some(name => name === '')) throw new InvalidArgumentError('Expected names separated by commas.');
  return [...new Set(list)];
}
