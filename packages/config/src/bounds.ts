// The numeric bounds shared by the directive tables. Nothing else.

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

export const INT32_MIN = -(2 ** 31);
export const INT32_MAX = 2 ** 31 - 1;
export const UINT32_MAX = 2 ** 32 - 1;

/** Redis: 2^63 - 1. A JavaScript number is exact up to here, which is 8 PiB. */
export const INT_MAX = Number.MAX_SAFE_INTEGER;

export const PORTS = [0, 65535] as const;
