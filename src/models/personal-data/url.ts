import { byPattern, type Detector } from './detector.js';

const CANDIDATE = /\b(?:https?:\/\/|www\.)[^\s<>"'`]{3,2048}/gi;

/** Addresses of pages. What ends a sentence is no part of one. */
export const url: Detector = {
  kind: 'url',
  find: text =>
    byPattern('url', CANDIDATE, () => true)
      .find(text)
      .map(({ start, end }) => ({
        start,
        end: end - (/[.,;:!?)\]}]+$/.exec(text.slice(Math.max(start, end - 16), end))?.[0].length ?? 0),
      }))
      .filter(({ start, end }) => text.slice(start, end).includes('.')),
};
