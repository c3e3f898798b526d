import { Refusal } from './errors.ts'
import type { Selected } from './selected.ts'

/** A folder opened with EXAMINE does not change. */
export function refuseReadOnly(selected: Selected): void {
  if (selected.readOnly) throw new Refusal('READ-ONLY', 'The folder is opened read-only')
}
