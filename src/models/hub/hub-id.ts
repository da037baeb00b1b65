/** A model of the hub, and which revision of it: a branch, a tag or a commit. */
export interface HubId {
  readonly owner: string;
  readonly name: string;
  readonly revision: string;
}

/** The revision that is meant where none is said. */
const USUAL_REVISION = 'main';

/** Owners and names as the hub has them: at most 96 characters, neither `--` nor `..` in them, so that each makes a folder of its own. */
const PART = /^(?!.*(?:--|\.\.))\w(?:[\w.-]{0,94}\w)?$/;
const REVISION = /^(?!.*\.\.)(?=.{1,128}$)\w[\w.-]*(?:\/\w[\w.-]*)*$/;
/** What ends so is a file. */
const FILE = /\.(?:onnx|git|json)$/i;

/** Reads `owner/name` or `owner/name@revision`. @returns `undefined` where the text is no such id: then it is a path. */
export function parseHubId(text: string): HubId | undefined {
  const mark = text.indexOf('@');
  const [owner = '', name = '', ...more] = (mark < 0 ? text : text.slice(0, mark)).split('/');
  const revision = mark < 0 ? USUAL_REVISION : text.slice(mark + 1);
  const whole = more.length === 0 && [owner, name].every(part => PART.test(part)) && !FILE.test(name);
  return whole && REVISION.test(revision) ? { owner, name, revision } : undefined;
}

/** The id without its revision, as the hub's addresses have it. */
export function repositoryOf({ owner, name }: HubId): string {
  return `${owner}/${name}`;
}

/** The shortest text that {@link parseHubId} reads as this id. */
export function formatHubId(id: HubId): string {
  return id.revision === USUAL_REVISION ? repositoryOf(id) : `${repositoryOf(id)}@${id.revision}`;
}
