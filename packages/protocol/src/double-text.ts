// How a double is written in replies.

/**
 * Returns the shortest decimal text that reads back as `value`, in the notation Redis 7.2
 * uses: `inf`, `-inf`, `nan`, integers without a point, exponents as `1e+21` and `5e-324`.
 */
export function doubleText(value: number): string {
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  if (value !== value) return 'nan';
  if (Object.is(value, -0)) return '-0';
  return String(value);
}
