type Headers = Readonly<Record<string, string>>;

/** Shorter values are no keys, and would be found everywhere. */
const SHORTEST = 8;
const SECRET = /auth|key|token|secret|cookie/i;

/** What an engine said, without the credentials that it was shown: some repeat them in their errors. */
export function withoutSecrets(text: string, shown: Headers): string {
  let clean = text;
  for (const [name, value] of Object.entries(shown)) {
    if (!SECRET.test(name)) continue;
    const bare = value.slice(value.lastIndexOf(' ') + 1);
    if (bare.length >= SHORTEST) clean = clean.replaceAll(bare, '•••');
  }
  return clean;
}
