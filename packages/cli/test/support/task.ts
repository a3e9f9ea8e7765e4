// What the jobs of the queue tests do, whichever library runs them and in whichever process: they
// count that they ran on the server itself, and fail or hang as often as they are told.

import type { Redis } from 'ioredis';

export interface Task {
  /** Its own number within the queue. */
  readonly n: number;
  /** So many runs fail before one succeeds. Default 0. */
  readonly failures?: number;
  /** The first run never ends. */
  readonly hangs?: boolean;
}

/** The hash that counts the runs of each task of a queue. */
export function runsKey(queue: string): string {
  return `runs:${queue}`;
}

/** Runs a task once. @returns what a job of it has to hand back @throws Error when it shall fail */
export async function perform(redis: Redis, queue: string, task: Task): Promise<number> {
  const runs = await redis.hincrby(runsKey(queue), String(task.n), 1);
  if (task.hangs && runs === 1) await new Promise(() => {});
  if (runs <= (task.failures ?? 0)) throw new Error(`run ${runs} fails`);
  return task.n * 2;
}

/** How often a task has to run. */
export function runsOf(task: Task): number {
  return (task.failures ?? 0) + 1 + (task.hangs ? 1 : 0);
}

/** What the hash has to be at the end: each task exactly as often as it has to run. */
export function runsOfAll(tasks: readonly Task[]): Record<string, string> {
  return Object.fromEntries(tasks.map((task) => [task.n, String(runsOf(task))]));
}
