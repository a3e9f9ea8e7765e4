// The result of a parse that may refuse: a value, or the reason in the words Redis uses for it.

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

export function accept<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function refuse(why: string): Outcome<never> {
  return { ok: false, why };
}

export const WRONG_ARGUMENT_COUNT = 'wrong number of arguments';
