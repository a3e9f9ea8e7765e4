export { FrontHandle, type FrontOwner, ListenError } from './front-handle.ts';
export type {
  FromFront,
  FrontAnswer,
  FrontInit,
  FrontQuery,
  ListenOrder,
  MainRequest,
  ToFront,
} from './front-messages.ts';
export { LoginThrottle } from './login-throttle.ts';
export { checkTlsMaterial, type TlsMaterial } from './tls-material.ts';

/** The thread's entry, for `new Worker`. */
export const FRONT_THREAD: URL = new URL('./front-thread.js', import.meta.url);
