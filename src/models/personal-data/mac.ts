import { byPattern, type Detector } from './detector.js';

const CANDIDATE =
  /(?<![\p{L}\p{N}:-])(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\p{L}\p{N}]|[:-][\p{L}\p{N}])/gu;

/** Hardware addresses (EUI-48), as `00:1A:…`, `00-1A-…` or `001a.…`; neither all zeros nor all ones. */
export const mac: Detector = byPattern(
  'mac',
  CANDIDATE,
  match => !/^(?:[0:.-]+|[fF:.-]+)$/.test(match),
  /[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\./,
);
