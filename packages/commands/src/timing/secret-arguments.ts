// Which arguments of a command are secret: passwords, and the users they are for. They are shown
// neither by MONITOR nor by the slow log. Redis 7.0 hides the same ones.

import { findDirective } from '@forgekv/config';
import type { Request } from '../request.ts';

/**
 * Makes the test for the arguments of one request, by index.
 * @param name the command's own, as in the catalog: clients may call it by another
 */
export function secretArguments(request: Request, name: string): (index: number) => boolean {
  switch (name) {
    case 'auth':
      return (index) => index > 0;
    case 'hello':
      return (index) => isBehindAuth(request, index);
    case 'migrate':
      return (index) => isOfMigrate(request, index);
    case 'acl|setuser':
      return (index) => index > 1;
    case 'config|set':
      return (index) => index > 2 && index % 2 === 1 && isSecretSetting(request, index - 1);
    default:
      return () => false;
  }
}

/** HELLO protover AUTH user password: behind the version. */
function isBehindAuth(request: Request, index: number): boolean {
  return isAuthOption(request, index - 1) || isAuthOption(request, index - 2);
}

function isAuthOption(request: Request, index: number): boolean {
  return index > 1 && request.is(index, 'auth');
}

/** MIGRATE host port key db timeout ... AUTH password | AUTH2 user password. */
function isOfMigrate(request: Request, index: number): boolean {
  const first = 6;
  if (index <= first) return false;
  if (request.is(index - 1, 'auth') || request.is(index - 1, 'auth2')) return true;
  return index - 2 >= first && request.is(index - 2, 'auth2');
}

function isSecretSetting(request: Request, index: number): boolean {
  return findDirective(request.text(index).toLowerCase())?.directive.secret === true;
}
