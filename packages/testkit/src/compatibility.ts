/**
 * Runs compatibility cases against a server, each from an empty server on a connection of its own,
 * over RESP2. The server is emptied; what a table of the results looks like is in
 * `compatibility-report.ts`.
 */
import { splitCommandLine } from './command-line-text.ts';
import {
  type CompatibilityCase,
  compareVersions,
  readCompatibilityCases,
} from './compatibility-cases.ts';
import { meetsExpectation } from './compatibility-expectation.ts';
import type { Endpoint } from './open-socket.ts';
import { describeReply } from './reply.ts';
import { RespClient } from './resp-client.ts';

/**
 * passed   every reply was as expected.
 * missing  so was every reply before one that says that the command is unknown.
 * failed   anything else.
 */
export type Verdict = 'passed' | 'missing' | 'failed';

export interface CompatibilityOutcome {
  readonly case: CompatibilityCase;
  readonly verdict: Verdict;
  /** The command that was not answered as expected, unless the case passed. */
  readonly line?: string;
  readonly expected?: string;
  readonly got?: string;
}

export interface CompatibilityOptions {
  readonly server: Endpoint;
  /** Default: all cases of the file. */
  readonly cases?: readonly CompatibilityCase[];
  /** Leaves out cases that only later versions answer so. */
  readonly upTo?: string;
}

const UNKNOWN_COMMAND = /^ERR unknown command\b/;

/**
 * Runs the cases one after the other.
 * @throws Error when the server cannot be reached or not be emptied.
 */
export async function runCompatibility(
  options: CompatibilityOptions,
): Promise<CompatibilityOutcome[]> {
  const { server, cases = readCompatibilityCases(), upTo } = options;
  const outcomes: CompatibilityOutcome[] = [];
  for (const one of cases) {
    if (upTo !== undefined && compareVersions(one.since, upTo) > 0) continue;
    const client = await RespClient.connect(server);
    try {
      await client.must('FLUSHALL');
      outcomes.push(await runCase(client, one));
    } finally {
      client.destroy();
    }
  }
  return outcomes;
}

async function runCase(client: RespClient, one: CompatibilityCase): Promise<CompatibilityOutcome> {
  for (const { line, expected } of one.steps) {
    const failure = { case: one, line, expected: JSON.stringify(expected) };
    try {
      const reply = await client.command(...splitCommandLine(line, one.escapes));
      if (meetsExpectation(expected, reply, one)) continue;
      const isMissing = reply.kind === 'error' && UNKNOWN_COMMAND.test(reply.text);
      const verdict = isMissing ? 'missing' : 'failed';
      return { ...failure, verdict, got: describeReply(reply) };
    } catch (error) {
      return { ...failure, verdict: 'failed', got: String(error) };
    }
  }
  return { case: one, verdict: 'passed' };
}
