/** What verifying finds. */

export interface LedgerProblem {
  readonly kind: 'entry' | 'segment' | 'chain' | 'stamp' | 'deletion' | 'file'
  /** where: `entry 17/3`, `chain 2, segment 40`, `stamp 7`, `2026/2026-03-15.jsonl, line 12` */
  readonly where: string
  /** what is wrong; never what stands there */
  readonly says: string
}

export const entryProblem = (slot: number, seq: number, says: string): LedgerProblem => ({
  kind: 'entry',
  where: `entry ${slot}/${seq}`,
  says,
})

export const segmentProblem = (chain: number, number: number, says: string): LedgerProblem => ({
  kind: 'segment',
  where: `chain ${chain}, segment ${number}`,
  says,
})

export const chainProblem = (chain: number, says: string): LedgerProblem => ({ kind: 'chain', where: `chain ${chain}`, says })
