/** Lines of a table for people: the first column to the left, the others to the right. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}\n`;
  return `${line(head)}${rows.map(line).join('')}`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
