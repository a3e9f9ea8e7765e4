// CLUSTER and what clients of a cluster say to a node. There is no cluster here: they are known, so
// that a client that asks gets the answer that Redis without a cluster gives.
import type { CommandFamily, LeafEntry } from '../command-spec.ts';

const COMPLEXITY = 'O(1)';
const SINCE = '3.0.0';
const RANGES = 'start-slot:int end-slot:int [start-slot:int end-slot:int ...]';

/** About the state of a cluster: anybody may ask. */
function question(summary: string, arity: number, args = ''): LeafEntry {
  const common = { complexity: COMPLEXITY, since: SINCE, acl: ['slow'] } as const;
  return { ...common, summary, arity, flags: ['stale'], ...(args === '' ? {} : { args }) };
}

/** What only those who run a cluster use. */
function administration(summary: string, arity: number, args = ''): LeafEntry {
  return {
    ...question(summary, arity, args),
    flags: ['admin', 'stale', 'no_async_loading'],
    acl: ['admin', 'slow', 'dangerous'],
  };
}

const CHANGING = ['nondeterministic_output'] as const;
/** The same, and it changes nothing. */
const INQUIRY = { flags: ['admin', 'stale'], tips: CHANGING } as const;

const CONNECTION = { complexity: COMPLEXITY, since: SINCE, acl: ['fast', 'connection'] } as const;

export const clusterFamily = {
  ASKING: {
    ...{ summary: 'Announces a command that follows a redirection in a cluster.', ...CONNECTION },
    ...{ arity: 1, flags: ['fast'] },
  },
  CLUSTER: {
    ...{ summary: 'Groups the commands about a cluster.', complexity: COMPLEXITY, since: SINCE },
    ...{ arity: -2, flags: [], acl: ['slow'] },
    subcommands: {
      ADDSLOTS: administration('Gives slots to the node.', -3, 'slot:int [slot:int ...]'),
      ADDSLOTSRANGE: administration('Gives ranges of slots to the node.', -4, RANGES),
      BUMPEPOCH: { ...administration('Moves the epoch of the cluster on.', 2), tips: CHANGING },
      'COUNT-FAILURE-REPORTS': {
        ...administration('Counts who reports a node as failed.', 3, 'node-id'),
        ...INQUIRY,
      },
      COUNTKEYSINSLOT: question('Counts the keys of a slot.', 3, 'slot:int'),
      DELSLOTS: administration('Takes slots from the node.', -3, 'slot:int [slot:int ...]'),
      DELSLOTSRANGE: administration('Takes ranges of slots from the node.', -4, RANGES),
      FAILOVER: administration('Makes a replica the master of its slots.', -2, '[FORCE|TAKEOVER]'),
      FLUSHSLOTS: administration('Takes all slots from the node.', 2),
      FORGET: administration('Forgets a node.', 3, 'node-id'),
      GETKEYSINSLOT: {
        ...question('Lists keys of a slot.', 4, 'slot:int count:int'),
        tips: CHANGING,
      },
      HELP: {
        ...question('Lists the subcommands of CLUSTER with a line on each.', 2),
        flags: ['loading', 'stale'],
      },
      INFO: { ...question('Tells how the cluster is.', 2), tips: CHANGING },
      KEYSLOT: question('Tells the slot of a key.', 3, 'key'),
      LINKS: { ...question('Lists the links to other nodes.', 2), tips: CHANGING },
      MEET: administration('Introduces another node.', -4, 'ip port:int [cluster-bus-port:int]'),
      MYID: question('Tells the id of the node.', 2),
      NODES: { ...question('Lists the nodes.', 2), tips: CHANGING },
      REPLICAS: { ...administration('Lists the replicas of a node.', 3, 'node-id'), ...INQUIRY },
      REPLICATE: administration('Makes the node a replica.', 3, 'node-id'),
      RESET: {
        ...administration('Makes the node forget the cluster.', -2, '[HARD|SOFT]'),
        flags: ['admin', 'noscript', 'stale'],
      },
      SAVECONFIG: administration('Writes the state of the cluster to its file.', 2),
      'SET-CONFIG-EPOCH': administration('Sets the epoch of a new node.', 3, 'config-epoch:int'),
      SETSLOT: administration(
        'Says whose a slot is.',
        -4,
        'slot:int <IMPORTING node-id|MIGRATING node-id|NODE node-id|STABLE>',
      ),
      SHARDS: { ...question('Lists the shards with their nodes.', 2), tips: CHANGING },
      SLAVES: { ...administration('Lists the replicas of a master.', 3, 'node-id'), ...INQUIRY },
      SLOTS: { ...question('Lists which slots are whose.', 2), tips: CHANGING },
    },
  },
  READONLY: {
    ...{ summary: 'Lets the connection read from a replica of a cluster.', ...CONNECTION },
    ...{ arity: 1, flags: ['loading', 'stale', 'fast'] },
  },
  READWRITE: {
    ...{ summary: 'Ends what READONLY began.', ...CONNECTION },
    ...{ arity: 1, flags: ['loading', 'stale', 'fast'] },
  },
} as const satisfies CommandFamily;
