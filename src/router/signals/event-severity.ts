/** The levels of syslog (RFC 5424 §6.2.1), from the least to the most severe. */
export const SEVERITIES = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;

export type Severity = (typeof SEVERITIES)[number];

/** Other names in use: of log libraries, of incident trackers (`sev1`, `p1`), and in plain words. */
const ALSO: Readonly<Record<Severity, readonly string[]>> = {
  debug: ['trace', 'verbose'],
  info: ['informational', 'information', 'none', 'sev5', 'p5'],
  notice: ['low', 'minor', 'sev4', 'p4'],
  warning: ['warn', 'medium', 'moderate', 'sev3', 'p3'],
  error: ['err', 'high', 'major', 'severe', 'sev2', 'p2'],
  critical: ['crit', 'fatal', 'urgent', 'blocker', 'sev1', 'p1'],
  alert: ['sev0', 'p0'],
  emergency: ['emerg', 'panic'],
};

const LEVELS: ReadonlyMap<string, number> = new Map(
  SEVERITIES.flatMap((severity, index) => [severity, ...ALSO[severity]].map(name => [name, index + 1] as const)),
);

/** A severity as a number: 1 for debug … 8 for emergency. */
export function levelOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity) + 1;
}

/** The level that a word means, in whatever case, with or without a hyphen (`SEV-1`); `undefined` when it means none. */
export function readSeverity(text: string): number | undefined {
  return LEVELS.get(text.trim().toLowerCase().replace(/[-_ ]/g, ''));
}
