/** Has the browser save a text as a file, by the last part of its path. */
export function save(path: string, text: string, type: 'text/yaml' | 'text/html'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = path.slice(path.lastIndexOf('/') + 1);
  anchor.click();
  URL.revokeObjectURL(url);
}
