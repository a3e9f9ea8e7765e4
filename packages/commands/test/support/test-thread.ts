// A front or a worker without its thread: a context, an executor, and the way from a name to a
// command function.

import { Random } from '@forgekv/base';
import { Config } from '@forgekv/config';
import type { HotTable } from '@forgekv/keyspace';
import { ReplyWriter } from '@forgekv/protocol';
import {
  CommandContext,
  type CommandRegistry,
  createRegistry,
  DONE,
  Executor,
  type LargeValues,
  type Outcome,
  PLACE_FRONT,
  PLACE_WORKER,
  type ServerServices,
  type Session,
  SLICED,
  statsBytes,
  ThreadStats,
  unknownSubcommand,
  wrongArity,
} from '../../src/index.ts';

/** Commands on more elements are put off. */
const SLICE_ELEMENTS = 2;

export const registry: CommandRegistry = createRegistry();

/** One thread's side of the arena. */
export class TestThread {
  readonly context: CommandContext;
  readonly #executor: Executor;
  readonly #services: ServerServices;
  readonly #isWorker: boolean;
  #isSliced = false;

  constructor(table: HotTable, large: LargeValues, isWorker: boolean) {
    const stats = new ThreadStats(new SharedArrayBuffer(statsBytes(registry.table.size)));
    const { config } = Config.load();
    this.context = new CommandContext({ table, large, stats, config, reply: new ReplyWriter() });
    this.context.random = new Random(1);
    this.#isWorker = isWorker;
    this.#executor = new Executor(registry, this.context, isWorker);
    this.#services = { commands: registry.table } as ServerServices;
  }

  execute(id: number): Outcome {
    const { context } = this;
    const place = registry.places[id];
    if (place === PLACE_FRONT) {
      return registry.frontRuns[id]!(context, {} as Session, this.#services);
    }
    if (place === PLACE_WORKER) return registry.runs[id]!(context);
    // Every other command is cut into slices.
    this.#isSliced = this.#isWorker && !this.#isSliced;
    context.sliceElements = this.#isSliced ? SLICE_ELEMENTS : Infinity;
    const single = registry.singleKey[id]!;
    if (single !== 0) context.prehash(single);
    let outcome = this.#executor.run(id);
    if (outcome === SLICED) outcome = this.#goOn(id);
    if (single !== 0) context.clearPrehashed(single);
    return outcome;
  }

  /** Does what was put off, as a worker between other commands: the request is another one then. */
  #goOn(id: number): Outcome {
    const { context } = this;
    const { bytes, view } = context.request;
    const work = context.takeSliced();
    context.request.bytes = Buffer.alloc(0);
    while (!work.step(context));
    context.request.bytes = bytes;
    context.request.view = view;
    if (!work.isPreparation) return DONE;
    context.prepared = work;
    const outcome = this.#executor.run(id);
    context.prepared = null;
    return outcome;
  }
}

/** The id of the request's command, or the text of the error that refuses it. */
export function commandOf(c: CommandContext): number | string {
  const { table } = registry;
  const { request } = c;
  let id = table.lookup(request.bytes, request.offset(0), request.length(0));
  if (id < 0) return `ERR unknown command '${request.text(0)}'`;
  if (table.isContainer[id] && request.argc > 1) {
    const container = id;
    id = table.lookupSub(container, request.bytes, request.offset(1), request.length(1));
    if (id < 0) return unknownSubcommand(table.names[container]!, request);
  }
  const arity = table.arity[id]!;
  const fits = arity > 0 ? request.argc === arity : request.argc >= -arity;
  return fits ? id : wrongArity(table.names[id]!);
}
