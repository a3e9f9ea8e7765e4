// Effects of commands that clients call by another name than their own (`rename-command`). What is
// in a log has the own name, so that it is read whatever the configuration says by then.

import type { CommandTable } from '@forgekv/catalog';
import type { RespComposer, WalStaging, WalWriter } from '@forgekv/storage';
import type { Request } from './request.ts';
import { headBytes, referWithin, type StagedArgument, writeWithout } from './staged-argument.ts';

const CRLF_BYTES = 2;

export class OwnNames {
  readonly #commands: CommandTable | null;

  /** @param commands null: clients call all of them by their own names */
  constructor(commands: CommandTable | null = null) {
    this.#commands = commands?.hasNewNames ? commands : null;
  }

  /** The own name of a request's command, in upper case; '' where the request has it. */
  of(request: Request): string {
    const commands = this.#commands;
    if (commands === null) return '';
    const { bytes, args, first } = request;
    return commands.ownNameOf(bytes, args[first * 2]!, args[first * 2 + 1]!);
  }
}

/** As `referWithin`, for an effect that `composeAs` writes. */
export function referAs(
  ownName: string,
  staging: WalStaging,
  staged: readonly StagedArgument[],
  request: Request,
  shard: number,
  lsn: number,
): readonly StagedArgument[] {
  const name = headBytes(ownName.length) + ownName.length + CRLF_BYTES;
  const before = ownName === '' ? 0 : headBytes(request.argc) + name;
  const from = takenFrom(ownName, request);
  return referWithin(staging, staged, from, request.end, before, shard, lsn);
}

/**
 * Writes a request to the effect begun, also one that came inline, under its command's own name.
 * @param ownName '': the name is written as it came
 * @param without see `referAs`
 */
export function composeAs(
  ownName: string,
  composer: RespComposer,
  writer: WalWriter,
  request: Request,
  without: readonly StagedArgument[],
): void {
  const isInline = request.start < 0;
  if (isInline || ownName !== '') composer.command(request.argc);
  if (ownName !== '') composer.bulkWord(ownName);
  if (isInline) composeArguments(composer, request, ownName === '' ? 0 : 1);
  else writeWithout(writer, without, request, takenFrom(ownName, request), request.end);
}

/** Composes the arguments of a request from one on. */
export function composeArguments(composer: RespComposer, request: Request, first: number): void {
  for (let i = first; i < request.argc; i++) {
    composer.bulk(request.bytes, request.offset(i), request.length(i));
  }
}

/** From where on a request's bytes are as they are to be in the effect. */
function takenFrom(ownName: string, request: Request): number {
  return ownName === '' ? request.start : request.offset(0) + request.length(0) + CRLF_BYTES;
}
