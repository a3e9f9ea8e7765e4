// Error replies more than one command gives, with Redis's exact texts.

export const ERR_SYNTAX = 'ERR syntax error';
export const ERR_NOT_INTEGER = 'ERR value is not an integer or out of range';
export const ERR_NOT_INT32 =
  'ERR value is out of range, value must between -2147483648 and 2147483647';
export const ERR_OUT_OF_RANGE = 'ERR value is out of range';
export const ERR_NOT_POSITIVE = 'ERR value is out of range, must be positive';
export const ERR_NOT_FLOAT = 'ERR value is not a valid float';
export const ERR_OVERFLOW = 'ERR increment or decrement would overflow';
export const ERR_NO_SUCH_KEY = 'ERR no such key';
export const ERR_SAME_OBJECT = 'ERR source and destination objects are the same';
export const ERR_DB_INDEX = 'ERR DB index is out of range';
export const ERR_STRING_SIZE = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';
export const ERR_INVALID_CURSOR = 'ERR invalid cursor';
export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
export const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
export const NO_AUTH = 'NOAUTH Authentication required.';
/** RESP2 cannot tell messages from replies, so whoever listens gets no others. */
export function onlyListening(name: string): string {
  return (
    `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
    'are allowed in this context'
  );
}

export const LOADING = 'LOADING Redis is loading the dataset in memory';
/** Redis: keys up to 512 MB; here a key has to fit a page of the hot table. */
export const ERR_KEY_TOO_LONG = 'ERR key is longer than 8000 bytes';

/** `ERR wrong number of arguments for 'x' command`; `name` in lower case. */
export function wrongArity(name: string): string {
  return `ERR wrong number of arguments for '${name}' command`;
}

/** `ERR invalid expire time in 'x' command`; `name` in lower case. */
export function invalidExpireTime(name: string): string {
  return `ERR invalid expire time in '${name}' command`;
}

// To RESTORE.
export const ERR_PAYLOAD = 'ERR DUMP payload version or checksum are wrong';
export const ERR_DATA = 'ERR Bad data format';

// About scripts.
export const BUSY_SCRIPT =
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.';
export const BUSY_FUNCTION =
  'BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.';
export const NOT_BUSY = 'NOTBUSY No scripts in execution right now.';
export const UNKILLABLE =
  'UNKILLABLE Sorry the script already executed write commands against the dataset. You can ' +
  'either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE ' +
  'command.';
export const NO_SCRIPT = 'NOSCRIPT No matching script. Please use EVAL.';
