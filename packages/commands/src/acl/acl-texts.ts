// What clients are told who may not do what they ask for; Redis's texts.

import { DENIED_CHANNEL, DENIED_COMMAND, DENIED_KEY, type Verdict } from './acl-check.ts';

/** As ACL LOG names it. */
export function denialReason(verdict: Verdict): 'command' | 'key' | 'channel' {
  if (verdict === DENIED_KEY) return 'key';
  return verdict === DENIED_CHANNEL ? 'channel' : 'command';
}

/** The error reply to a command that was refused. */
export function denialText(verdict: Verdict, user: string, command: string): string {
  if (verdict === DENIED_KEY) return 'NOPERM No permissions to access a key';
  if (verdict === DENIED_CHANNEL) return 'NOPERM No permissions to access a channel';
  return `NOPERM User ${user} has no permissions to run the '${command}' command`;
}

/** The same for a command of a transaction that could be queued. */
export function laterDenialText(verdict: Verdict): string {
  return (
    'NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC ' +
    `call. This command is no longer allowed for the following reason: ${LATER_REASONS[verdict]}`
  );
}

const LATER_REASONS: Readonly<Record<Verdict, string>> = {
  0: 'no permission',
  [DENIED_COMMAND]: 'no permission to execute the command or subcommand',
  [DENIED_KEY]: 'no permission to touch the specified keys',
  [DENIED_CHANNEL]: 'no permission to access one of the channels used as arguments to the command',
};

/** The same for a command of a script. Redis: 7.2 says it in other words. */
export function scriptDenialText(verdict: Verdict): string {
  const who = "ERR The user executing the script can't";
  if (verdict === DENIED_KEY) {
    return `${who} access at least one of the keys mentioned in the command arguments`;
  }
  if (verdict === DENIED_CHANNEL) return `${who} publish to the channel mentioned in the command`;
  return `${who} run this command or subcommand`;
}

/** What ACL DRYRUN answers; @param what the key or channel */
export function dryRunText(verdict: Verdict, user: string, command: string, what: string): string {
  if (verdict === DENIED_KEY) return `User ${user} has no permissions to access the '${what}' key`;
  if (verdict === DENIED_CHANNEL) {
    return `User ${user} has no permissions to access the '${what}' channel`;
  }
  return `User ${user} has no permissions to run the '${command}' command`;
}
