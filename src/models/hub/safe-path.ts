const LONGEST = 256;
const DEEPEST = 4;
const SEGMENT = /^\w[\w.-]*$/;

/** Whether a path of a repository stays in the folder that it is put in, on any file system: a few plain names, none of them hidden. */
export function isSafePath(path: string): boolean {
  const segments = path.split('/');
  return (
    path.length <= LONGEST &&
    segments.length <= DEEPEST &&
    segments.every(name => SEGMENT.test(name) && !name.includes('..') && !name.endsWith('.part'))
  );
}
