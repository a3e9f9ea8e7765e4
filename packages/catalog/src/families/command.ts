// COMMAND: what this catalog says about itself.
import type { CommandFamily } from '../command-spec.ts';

export const commandFamily = {
  COMMAND: {
    summary: 'Describes all commands, and groups the commands about commands.',
    complexity: 'O(N), N = commands',
    since: '2.8.13',
    arity: -1,
    flags: ['loading', 'stale'],
    acl: ['slow', 'connection'],
    tips: ['nondeterministic_output_order'],
    subcommands: {
      COUNT: {
        summary: 'Counts the commands of this server.',
        complexity: 'O(1)',
        since: '2.8.13',
        arity: 2,
        flags: ['loading', 'stale'],
        acl: ['slow', 'connection'],
        reply: 'int',
      },
      DOCS: {
        summary: 'Explains commands: purpose, arguments, cost.',
        complexity: 'O(N), N = commands asked for',
        since: '7.0.0',
        arity: -2,
        flags: ['loading', 'stale'],
        acl: ['slow', 'connection'],
        args: '[command-name [command-name ...]]',
        reply:
          'map<{summary:str,since:str,group:"bitmap"|"cluster"|"connection"|"generic"|"geo"|' +
          '"hash"|"hyperloglog"|"list"|"module"|"pubsub"|"scripting"|"sentinel"|"server"|"set"|' +
          '"sorted-set"|"stream"|"string"|"transactions",complexity:str,module:str,' +
          'doc_flags:["deprecated"|"syscmd"],deprecated_since:str,replaced_by:str,history:[(str,' +
          'str)],arguments:[map],reply_schema:map,subcommands:any}>',
        tips: ['nondeterministic_output_order'],
      },
      GETKEYS: {
        summary: 'Picks the key names out of a full command.',
        complexity: 'O(N), N = arguments of the command',
        since: '2.8.13',
        arity: -3,
        flags: ['loading', 'stale'],
        acl: ['slow', 'connection'],
        args: 'command [arg [arg ...]]',
        reply: 'uniq[str]',
      },
      GETKEYSANDFLAGS: {
        summary: 'Picks the key names out of a full command and tells how each is used.',
        complexity: 'O(N), N = arguments of the command',
        since: '7.0.0',
        arity: -3,
        flags: ['loading', 'stale'],
        acl: ['slow', 'connection'],
        args: 'command [arg [arg ...]]',
        reply: 'uniq[(str,[str])]',
      },
      HELP: {
        summary: 'Lists the subcommands of COMMAND with a line on each.',
        complexity: 'O(1)',
        since: '5.0.0',
        arity: 2,
        flags: ['loading', 'stale'],
        acl: ['slow', 'connection'],
        reply: '[str]',
      },
      INFO: {
        summary: 'Describes given commands, or all when none is named.',
        complexity: 'O(N), N = commands asked for',
        since: '2.8.13',
        arity: -2,
        flags: ['loading', 'stale'],
        acl: ['slow', 'connection'],
        args: '[command-name [command-name ...]]',
        reply: '[nil|(str,int,[str],int,int,int,[str],[str],[map],[any])]',
        tips: ['nondeterministic_output_order'],
      },
      LIST: {
        summary: 'Lists the command names, optionally those that pass a filter.',
        complexity: 'O(N), N = commands',
        since: '7.0.0',
        arity: -2,
        flags: ['loading', 'stale'],
        acl: ['slow', 'connection'],
        args: '[FILTERBY <MODULE module-name|ACLCAT category|PATTERN pattern:pattern>]',
        reply: 'uniq[str]',
        tips: ['nondeterministic_output_order'],
      },
    },
  },
} as const satisfies CommandFamily;
