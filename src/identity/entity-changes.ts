import type { Entities, SubjectKind } from '#contract/identity.js';

/** The fields that are there: forms leave `undefined` where nothing was said. */
export function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** An entity with a form's fields put in; `null` takes one away. */
export function changed<T extends Entities[SubjectKind]>(entity: T, change: object): T {
  const merged: object = { ...entity, ...defined(change) };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)) as T;
}
