/** All commands by name. */
import type { Command } from './command.ts'
import { append } from './commands/append.ts'
import { authenticate } from './commands/authenticate.ts'
import { capability } from './commands/capability.ts'
import { check } from './commands/check.ts'
import { close } from './commands/close.ts'
import { compress } from './commands/compress.ts'
import { copy, uidCopy } from './commands/copy.ts'
import { create } from './commands/create.ts'
import { deleteFolder } from './commands/delete.ts'
import { enable } from './commands/enable.ts'
import { expunge, uidExpunge } from './commands/expunge.ts'
import { fetch, uidFetch } from './commands/fetch.ts'
import { getQuota } from './commands/getquota.ts'
import { getQuotaRoot } from './commands/getquotaroot.ts'
import { id } from './commands/id.ts'
import { idle } from './commands/idle.ts'
import { list } from './commands/list.ts'
import { login } from './commands/login.ts'
import { logout } from './commands/logout.ts'
import { lsub } from './commands/lsub.ts'
import { move, uidMove } from './commands/move.ts'
import { namespace } from './commands/namespace.ts'
import { noop } from './commands/noop.ts'
import { notify } from './commands/notify.ts'
import { rename } from './commands/rename.ts'
import { searchCommand, uidSearch } from './commands/search.ts'
import { examine, select } from './commands/select.ts'
import { setQuota } from './commands/setquota.ts'
import { sortCommand, uidSort } from './commands/sort.ts'
import { starttls } from './commands/starttls.ts'
import { status } from './commands/status.ts'
import { store, uidStore } from './commands/store.ts'
import { subscribe, unsubscribe } from './commands/subscribe.ts'
import { threadCommand, uidThread } from './commands/thread.ts'
import { unselect } from './commands/unselect.ts'

const COMMANDS: readonly Command[] = [
  append,
  authenticate,
  capability,
  check,
  close,
  compress,
  copy,
  uidCopy,
  create,
  deleteFolder,
  enable,
  examine,
  expunge,
  uidExpunge,
  fetch,
  uidFetch,
  getQuota,
  getQuotaRoot,
  id,
  idle,
  list,
  login,
  logout,
  lsub,
  move,
  uidMove,
  namespace,
  noop,
  notify,
  rename,
  searchCommand,
  uidSearch,
  select,
  setQuota,
  sortCommand,
  uidSort,
  starttls,
  status,
  store,
  uidStore,
  subscribe,
  unsubscribe,
  threadCommand,
  uidThread,
  unselect,
]

const byName = new Map(COMMANDS.map((command) => [command.name, command]))

/** @param name in upper case; the UID commands are two words */
export const findCommand = (name: string): Command | undefined => byName.get(name)
