/**
 * Looks at a message from the outside, at any later time: what it says that it is, and whether its seal holds under given roots. For people; what the incoming point does with mail is recognise.ts.
 */
import type { Directory } from '../directory/types.ts'
import { findFormProblem } from '../pec/form.ts'
import { readMessage, type ReadMessage } from '../pec/reading.ts'
import { findSigner } from '../seal/find-signer.ts'
import { verifyDetached, type VerifyResult } from '../seal/verify.ts'
import { checkSeal } from './check-seal.ts'
import { isOwnSender } from './recognise.ts'

export interface Inspection {
  /** `ordinary`: no seal, or one that does not hold; `malformed`: sealed, but not a correct certified message */
  readonly class: 'envelope' | 'receipt' | 'anomaly' | 'malformed' | 'ordinary'
  readonly message: ReadMessage
  /** null where there is no seal */
  readonly seal: VerifyResult | null
  /** of the form, in words; null where it is correct */
  readonly problem: string | null
}

/**
 * @param roots DER of the trusted CA certificates, which must have been valid when it was sealed, as the seal says
 * @param now milliseconds since 1970: counts instead where the seal does not say a time, or one to come
 */
export async function inspectMessage(bytes: Buffer, roots: readonly Buffer[], now: number): Promise<Inspection> {
  const message = readMessage(bytes)
  if (!message.seal) return { class: 'ordinary', message, seal: null, problem: null }
  const signingTime = findSigner(message.seal.cms)?.signingTime ?? now
  const at = Math.min(signingTime, now)
  const seal = await checkSeal(bytes, message.seal, { verify: verifyDetached, roots, at })
  if (!seal.ok) return { class: 'ordinary', message, seal, problem: null }
  if (message.kind === 'anomalia') return { class: 'anomaly', message, seal, problem: null }
  const problem = findFormProblem(message, seal.addresses)
  if (problem !== null) return { class: 'malformed', message, seal, problem }
  return { class: message.kind === 'posta-certificata' ? 'envelope' : 'receipt', message, seal, problem }
}

/** What the directory says of a seal that holds, as it is now. */
export interface Origin {
  /** who seals with that certificate; null where nobody does */
  readonly provider: string | null
  /** an envelope for a sender of whom that provider may not speak */
  readonly foreignSender: boolean
}

export async function originOf(directory: Directory, { seal, message }: Inspection): Promise<Origin> {
  const provider = seal?.ok === true ? await directory.providerOfCertificate(seal.certificate) : undefined
  if (!provider) return { provider: null, foreignSender: false }
  return { provider: provider.name, foreignSender: !(await isOwnSender(directory, provider, message)) }
}
