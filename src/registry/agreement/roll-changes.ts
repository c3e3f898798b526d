/** What a file changes of a roll. Pure. */
import type { RollMember } from './roll-file.ts'

export const CHANGES = ['added', 'changed', 'struck-off', 'restored'] as const
export type Change = (typeof CHANGES)[number]

export interface Changed {
  readonly change: Change
  readonly member: RollMember
  readonly before: RollMember | null
}

const same = (one: RollMember, other: RollMember): boolean =>
  one.surname === other.surname &&
  one.givenName === other.givenName &&
  one.registerNumber === other.registerNumber &&
  one.registeredOn === other.registeredOn &&
  one.struckOffOn === other.struckOffOn

/** @param wholeOn the file is the whole roll: who is not in it is struck off on this day */
export function rollChanges(known: readonly RollMember[], file: readonly RollMember[], wholeOn: string | null): Changed[] {
  const before = new Map(known.map((member) => [member.taxCode, member]))
  const changes: Changed[] = []
  for (const member of file) {
    const was = before.get(member.taxCode)
    before.delete(member.taxCode)
    if (was && same(was, member)) continue
    changes.push({ change: kindOf(was, member), member, before: was ?? null })
  }
  if (wholeOn !== null)
    for (const was of before.values())
      if (was.struckOffOn === null) changes.push({ change: 'struck-off', member: { ...was, struckOffOn: wholeOn }, before: was })
  return changes
}

function kindOf(was: RollMember | undefined, member: RollMember): Change {
  if (!was) return 'added'
  if (was.struckOffOn === null && member.struckOffOn !== null) return 'struck-off'
  return was.struckOffOn !== null && member.struckOffOn === null ? 'restored' : 'changed'
}
