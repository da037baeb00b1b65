/** `name: value` lines as headers. @throws TypeError for a line that is none. */
export function headersOf(text: string): Headers {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  return new Headers(
    lines.map(line => {
      const colon = line.indexOf(':');
      if (colon < 1) throw new TypeError('no header');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as [string, string];
    }),
  );
}
