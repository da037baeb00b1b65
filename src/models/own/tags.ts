/** What a label of a token says: the type of an entity, and the token's place in it. */
export interface Tag {
  /** Number of the type; −1 outside of all entities. */
  readonly type: number;
  /** Whether an entity cannot have gone on to here, and whether it cannot go on from here. */
  readonly opens: boolean;
  readonly closes: boolean;
}

/** The labels of a token classifier, read. */
export interface TagSet {
  /** Types of entities in the order of the labels. */
  readonly types: readonly string[];
  /** One a label. */
  readonly tags: readonly Tag[];
}

/** Begin, inside, outside, end or last, single or unit: IOB1, BIO, IOBES and BILOU alike. */
const PLACED = /^([BIELSU])[-_](.+)$/;
const OPENS = 'BSU';
const CLOSES = 'ELSU';

/**
 * Reads labels such as `B-PER`. They say places only where all but the one for outside do; else each is a type by itself, and neighbours of one type
 * are one entity.
 *
 * @param outside the label of what is no entity.
 */
export function readTags(labels: readonly string[], outside: string): TagSet {
  const inside = labels.filter(label => label !== outside);
  const placed = inside.every(label => PLACED.test(label));
  const types: string[] = [];
  const tags = labels.map((label): Tag => {
    if (label === outside) return { type: -1, opens: false, closes: false };
    const [, place = 'I', name = label] = (placed ? PLACED.exec(label) : null) ?? [];
    if (!types.includes(name)) types.push(name);
    return { type: types.indexOf(name), opens: OPENS.includes(place), closes: CLOSES.includes(place) };
  });
  return { types, tags };
}
