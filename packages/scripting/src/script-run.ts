// What is going on in an engine: the host and the settings of the run, and why it has to end.
// Shared by the engine and the `redis` library.

import { GO_ON, type Interruption, type ScriptHost, STOP } from './script-host.ts';

/** Outside of runs: nothing can be called. */
const NO_HOST: ScriptHost = {
  execute: (_command, reply) => {
    reply.error('ERR redis.call can only be called inside a script');
    return 0;
  },
  aclCheck: () => 0,
  log: () => {},
  interrupted: () => GO_ON,
};

/** Too many instructions; beside GO_ON, KILLED and STOP. */
export const EXHAUSTED = 3;
export type Ending = Interruption | typeof EXHAUSTED;

export class ScriptRun {
  host: ScriptHost = NO_HOST;
  /** What `redis.setresp` chose. */
  isResp3 = false;
  /** A run is going on; false while a library is loaded. */
  isActive = false;
  /** A command is being executed: what is thrown now is the host's. */
  isInHost = false;
  /** Why everything the script still tries is refused. */
  ending: Ending = GO_ON;
  /** The error of a run that was killed. */
  killedText = '';
  /** Instructions since the run began, about. */
  instructions = 0;

  begin(host: ScriptHost, killedText: string): void {
    this.host = host;
    this.isResp3 = false;
    this.isActive = true;
    this.isInHost = false;
    this.ending = GO_ON;
    this.instructions = 0;
    this.killedText = killedText;
  }

  end(): void {
    this.host = NO_HOST;
    this.isActive = false;
  }

  stop(): void {
    this.ending = STOP;
  }
}
