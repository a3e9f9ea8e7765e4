// Commands that other workers execute for a script or a transaction, under load from many clients:
// nobody sees a part of one, nothing is lost or done twice, WATCH misses nothing, and a kill -9
// leaves all of it or nothing. Servers with a bug in just that are found out.
//
// FORGEKV_GUESTS_SEED repeats a run.

import { Prng, startForgeKv } from '@forgekv/testkit';
import { type Test, test } from 'tap';
import { untilCut } from './support/accounts.ts';
import { type PlantedBug, plantInWorkers } from './support/planted-server.ts';
import { connect, infoField } from './support/servers.ts';
import { TokenGame } from './support/token-game.ts';

const seed = Number(process.env.FORGEKV_GUESTS_SEED ?? Date.now() % 2 ** 31);
const PLAYERS = 10;
const ROUNDS = 3;
const ARGS = ['--hot-value-max-bytes', '1024'];

interface Found {
  readonly problems: readonly string[];
  readonly errors: readonly string[];
}

/** Plays, kills and looks, a few times; ends with the first problem. */
async function play(t: Test, args: readonly string[], entry?: string): Promise<Found> {
  const server = await startForgeKv({
    ...{ fronts: 2, workers: 4, args: [...ARGS, ...args] },
    ...(entry !== undefined && { entry }),
  });
  const game = new TokenGame();
  try {
    await game.begin(await connect(t, server));
    for (let round = 0; round < ROUNDS; round++) {
      const clients = await Promise.all(Array.from({ length: PLAYERS }, () => connect(t, server)));
      const observer = await connect(t, server);
      const looked: string[] = [];
      const looking = untilCut(async () => looked.push(await game.look(observer)));
      const playing = clients.map((client, who) => {
        return game.play(client, new Prng(seed + 100 * round + who));
      });
      await new Promise((resolve) => setTimeout(resolve, 300 + 200 * round));
      await server.kill9();
      await Promise.all(playing);
      await looking;
      await server.restart();
      const client = await connect(t, server);
      const holes = await infoField(client, 'forgekv_recovery_holes');
      const after = await game.check(client);
      const problems = [...looked.filter((each) => each !== ''), ...after];
      if (holes !== '0') problems.push(`${holes} effects without what they build on`);
      if (problems.length > 0) return { problems, errors: [...game.errors] };
    }
    return { problems: [], errors: [...game.errors] };
  } catch (error) {
    // A server that does not survive what it wrote.
    if (entry === undefined) throw error;
    return { problems: [(error as Error).message], errors: [] };
  } finally {
    await server.stop();
  }
}

for (const args of [[], ['--debug-keep-cold', 'yes'], ['--appendfsync', 'always']]) {
  test(`all adds up: ${args.join(' ')}`, async (t) => {
    process.stderr.write(`guests: FORGEKV_GUESTS_SEED=${seed}\n`);
    const { problems, errors } = await play(t, args);
    t.same(problems, []);
    t.same(errors, []);
  });
}

const BUGS: readonly PlantedBug[] = [
  {
    name: 'an effect of a guest that nobody logs',
    from: /log\?\.adopt\(batch, i, entry\);/,
    to: 'if (lsn % 5 !== 0) log?.adopt(batch, i, entry);',
  },
  {
    name: 'a command that is executed again after its answer has come',
    from: /(answer\w*)\.outcome !== (DONE\w*)\)/,
    to: '$1.outcome !== $2 || ($1.effects.effects[0]?.lsn ?? 1) % 40 === 0)',
  },
  {
    name: 'gates that open while a guest executes',
    from: /this\.#adopt\((answer\w*)\.effects\);/,
    to: `this.#adopt($1.effects);
      for (let s = 1; s < 64; s += 2) {
        if (context.table.gateOf(s) === transaction) context.table.setGate(s, 0);
      }`,
  },
];

for (const bug of BUGS) {
  test(`found: ${bug.name}`, async (t) => {
    const entry = plantInWorkers(t, bug);
    if (entry === null) return;
    const { problems } = await play(t, [], entry);
    t.not(problems.length, 0);
    t.comment(problems.slice(0, 3).join('; '));
  });
}
