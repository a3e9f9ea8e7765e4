// How large the replies of one client may become before they leave the thread.

import type { Config } from '@forgekv/config';

/** Without a client-output-buffer-limit: what a machine can be expected to spare. */
const MOST_BYTES = 1024 * 1024 * 1024;
/** A limit below this is meant for clients that do not read, not for one batch of replies. */
const LEAST_BYTES = 32 * 1024 * 1024;

/** Replies in bytes that may wait for a client that does not read them. */
export function outputLimitBytes(config: Config): number {
  return config.outputBufferLimits().normal.hardBytes || MOST_BYTES;
}

/**
 * Replies in bytes that one batch of commands may make. Redis: only the output buffer is limited,
 * and by default it is not.
 */
export function replyLimitBytes(config: Config): number {
  return Math.max(LEAST_BYTES, Math.min(MOST_BYTES, outputLimitBytes(config)));
}
