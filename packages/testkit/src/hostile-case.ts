/**
 * What a hostile input is, and short ways to write one down. The table is in `hostile.ts`, what
 * tries it on a server in `hostile-runner.ts`.
 */

/**
 * What becomes of the connection after the expected bytes.
 * closes   the server ends it
 * answers  the next command is served as usual
 * waits    nothing happens: the input is not a whole request yet
 */
export type Aftermath = 'closes' | 'answers' | 'waits';

export interface HostileCase {
  readonly name: string;
  readonly send: Buffer;
  readonly expect: Buffer;
  readonly aftermath: Aftermath;
  /** For `waits`: the rest of the request, and the reply it then gets. */
  readonly rest?: Buffer;
  readonly expectAfterRest?: Buffer;
  /** Send in pieces of this size, each in a packet of its own. */
  readonly pieceBytes?: number;
  /** For a server with `requirepass secret`, by a client that has not logged in. */
  readonly needsPassword?: boolean;
  /** The server closes with input unread, so the kernel may discard the reply on its way. */
  readonly mayReset?: boolean;
  /** Why the answer is an artefact of Redis's C strings that another server need not copy. */
  readonly quirk?: string;
}

type Extra = Partial<Omit<HostileCase, 'name' | 'send' | 'expect' | 'aftermath'>>;

/** Text of a case: one character per byte. */
const bytes = (text: string) => Buffer.from(text, 'latin1');
/** The error line for a breach of the protocol. */
export const protocolError = (what: string) => `-ERR Protocol error: ${what}\r\n`;
/** The error line for a command that does not exist; `args` as Redis lists them. */
export const unknown = (name: string, args = '') =>
  `-ERR unknown command '${name}', with args beginning with: ${args}\r\n`;

/** A case after which the server ends the connection. */
export function closes(name: string, send: string, expect: string, extra: Extra = {}): HostileCase {
  return { name, send: bytes(send), expect: bytes(expect), aftermath: 'closes', ...extra };
}

/** A case after which the connection works as before. */
export function answers(
  name: string,
  send: string,
  expect: string,
  extra: Extra = {},
): HostileCase {
  return { name, send: bytes(send), expect: bytes(expect), aftermath: 'answers', ...extra };
}

/** Half a request: nothing comes until the rest is there. */
export function waits(name: string, send: string, rest = '', after = ''): HostileCase {
  const half = { name, send: bytes(send), expect: Buffer.alloc(0), aftermath: 'waits' } as const;
  return rest === '' ? half : { ...half, rest: bytes(rest), expectAfterRest: bytes(after) };
}
