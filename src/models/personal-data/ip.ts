import { isIP } from 'node:net';
import { byPattern, type Detector } from './detector.js';

const CANDIDATE =
  /(?<![\p{L}\p{N}.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?!\.?[\p{L}\p{N}])|(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\p{L}\p{N}]|[.:][\p{L}\p{N}]))/gu;
/** What names no machine of a person: loopback, unspecified, broadcast. */
const NOBODY = /^(?:127\.|0\.0\.0\.0$|255\.255\.255\.255$|::1?$)/;

/** One group alone: sooner a slice of a list than an address. */
const SHORT = /^(?:::[^:]*|[^:]*::)$/;

/** Addresses of IPv4 and IPv6. */
export const ip: Detector = byPattern(
  'ip',
  CANDIDATE,
  match => isIP(match) !== 0 && !NOBODY.test(match) && !SHORT.test(match),
);
