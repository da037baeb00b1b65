/** A type without its `readonly`: answers are sent as they are, not copied, and schemas know no `readonly`. */
export type Mutable<T> = T extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
    : T;
