/** The scanner of the points: first what costs little (blocked attachments), then the virus scanner, as far as the operator has set them. */
import { createAttachmentCheck } from './attachments.ts'
import { createClamd } from './clamd.ts'
import type { Clamd } from './clamd.ts'
import type { Scanner } from './types.ts'

export interface ScannerSettings {
  /** address of clamd (CERALACCA_CLAMD); without it there is no virus scan */
  readonly clamd?: string | undefined
  /** blocked filename extensions (CERALACCA_BLOCKED_ATTACHMENTS), without the dot, in lower case */
  readonly blocked: readonly string[]
}

export interface HealthScanner extends Scanner {
  /**
   * What the virus scanner says of itself and its signatures; null without one.
   * @throws temporary error `scanner-unavailable`
   */
  checkScanner(): Promise<string | null>
}

/** @throws `bad-config` if the address of clamd is none */
export function createScanner({ clamd: address, blocked }: ScannerSettings): HealthScanner {
  const attachments = blocked.length > 0 ? createAttachmentCheck(blocked) : undefined
  const clamd = address === undefined ? undefined : createClamd({ address })
  return {
    async scan(message) {
      return (await attachments?.find(message)) ?? (await findVirus(clamd, message))
    },
    async checkScanner() {
      return (await clamd?.version()) ?? null
    },
  }
}

async function findVirus(clamd: Clamd | undefined, message: Buffer) {
  const name = (await clamd?.scan(message)) ?? null
  return name === null ? null : { kind: 'virus' as const, name }
}
