/** For whom an envelope comes: the forward paths of the SMTP dialogue, against the recipients whom daticert.xml names. */
import { asciiDomain } from '../access/forward-path.ts'
import type { SubmissionData } from '../pec/certification-data.ts'

export interface Addressing {
  /**
   * Who is named, as daticert.xml writes them: the keys of I4 have one spelling, however the same envelope is addressed the next time, and
   * receipts have that which the sender used.
   */
  readonly named: readonly string[]
  /** Who is not. Certified mail has no hidden recipients: whoever has an envelope could else make it certify to anybody that it was sent to him. */
  readonly others: readonly string[]
}

/** @param paths with their domains in A-labels */
export function addressingOf({ recipients }: SubmissionData, paths: readonly string[]): Addressing {
  const spellings = new Map(recipients.map(({ address }) => [comparable(address), address]))
  const named: string[] = []
  const others: string[] = []
  for (const path of paths) {
    const spelling = spellings.get(path.toLowerCase())
    if (spelling === undefined) others.push(path)
    else named.push(spelling)
  }
  return { named, others }
}

function comparable(address: string): string {
  const at = address.lastIndexOf('@') + 1
  return `${address.slice(0, at)}${asciiDomain(address.slice(at))}`.toLowerCase()
}
