// The handlers of ACL, by command.

import type { aclFamily, HandlersOf } from '@forgekv/catalog';
import { type Handler, onFront } from '../handler.ts';
import { helpOn } from '../server/help.ts';
import { aclDelUser, aclLoad, aclSave, aclSetUser } from './change-users.ts';
import { aclLog } from './denials.ts';
import { aclCat, aclDryRun, aclGenPass } from './permissions.ts';
import { aclGetUser, aclList, aclUsers, aclWhoAmI } from './show-users.ts';

export const aclHandlers = {
  'ACL|CAT': onFront(aclCat),
  'ACL|DELUSER': onFront(aclDelUser),
  'ACL|DRYRUN': onFront(aclDryRun),
  'ACL|GENPASS': onFront(aclGenPass),
  'ACL|GETUSER': onFront(aclGetUser),
  'ACL|HELP': onFront(helpOn('acl')),
  'ACL|LIST': onFront(aclList),
  'ACL|LOAD': onFront(aclLoad),
  'ACL|LOG': onFront(aclLog),
  'ACL|SAVE': onFront(aclSave),
  'ACL|SETUSER': onFront(aclSetUser),
  'ACL|USERS': onFront(aclUsers),
  'ACL|WHOAMI': onFront(aclWhoAmI),
} satisfies HandlersOf<typeof aclFamily, Handler>;
