/** Cleaning up after a test from wherever something was opened: the last goes first, so a server stops before its folder goes. */
import { lastFirst, type TestScope } from '../../src/storage/test-database.ts'

export type Owner = TestScope

const scopes = new WeakMap<Owner, TestScope>()

/** Does `work` after the test, before what was deferred earlier. */
export function defer(owner: Owner, work: () => Promise<void> | void): void {
  const scope = scopes.get(owner) ?? lastFirst(owner)
  scopes.set(owner, scope)
  scope.after(work)
}
