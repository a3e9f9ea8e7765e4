// Questions of the HTTP port that fronts answer. A front that is stuck must not hold up whoever
// asks why: there is a time after which its answer is not waited for.

import type { ClientFacts, InfoLine } from '@forgekv/commands';
import type { FrontAnswer, FrontHandle, FrontQuery } from '@forgekv/front';
import type { ServerView } from './server-view.ts';

const PATIENCE_MS = 1500;

/** @param fronts those that run; none while the server starts */
export function frontQuestions(
  fronts: () => readonly FrontHandle[],
): Pick<ServerView, 'info' | 'topClients'> {
  return {
    info: async () => {
      const [front] = fronts();
      if (front === undefined) return null;
      return (await ask(front, { op: 'info' })) as readonly InfoLine[] | null;
    },
    topClients: async (most) => {
      const query: FrontQuery = { op: 'top-clients', most };
      const answers = await Promise.all(fronts().map((front) => ask(front, query)));
      const clients = answers.flatMap((answer) => (answer ?? []) as ClientFacts[]);
      return clients.sort((a, b) => weigh(a, b)).slice(0, most);
    },
  };
}

/** As each front sorts its own: unread replies first, then traffic. */
function weigh(a: ClientFacts, b: ClientFacts): number {
  const traffic = (client: ClientFacts): number => client.totalInputBytes + client.totalOutputBytes;
  return b.outputBytes - a.outputBytes || traffic(b) - traffic(a);
}

/** Resolves to null when the front does not answer in time. */
async function ask(front: FrontHandle, query: FrontQuery): Promise<FrontAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  const answer = await Promise.race([front.query(query), patience]);
  clearTimeout(timer);
  return answer;
}
