// What a range of a sorted set is, as data. Texts like `(5`, `[a` and `+inf` are parsed elsewhere.

/** Scores from `min` to `max`, infinities included. */
export interface ScoreRange {
  readonly min: number;
  readonly minExclusive: boolean;
  readonly max: number;
  readonly maxExclusive: boolean;
}

/** One end of a range of members: before all (`-`), behind all (`+`), or a member. */
export type LexBound =
  | 'lowest'
  | 'highest'
  | { readonly member: Buffer; readonly exclusive: boolean };

/** Members in the order of their bytes; the scores in the set are all the same. */
export interface LexRange {
  readonly min: LexBound;
  readonly max: LexBound;
}

/** Ranks `first` .. `first + count - 1`; `first` means nothing when `count` is 0. */
export interface RankRange {
  readonly first: number;
  readonly count: number;
}
