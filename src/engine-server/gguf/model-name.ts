/** The name a file's model is served under: the file's, without folder and ending, in characters that a model's name may have. */
export function modelNameOf(file: string): string {
  const name = file.replace(/^.*[/\\]/, '').replace(/\.gguf$/i, '');
  return (
    name
      .replace(/[^A-Za-z0-9._:-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 128) || 'model'
  );
}
