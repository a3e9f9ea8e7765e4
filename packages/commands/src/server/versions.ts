// The version of Redis this server behaves as, for clients that decide by it.

export const REDIS_VERSION = '7.2.4';
