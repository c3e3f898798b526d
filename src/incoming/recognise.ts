/**
 * Tells what a message is that came from outside: the four tests of RFC 6109 2.2.2, in their order. Signature existence and origin, which is
 * the signer's certificate in the directory and a sender of whom that provider may speak; validity, which is signature, path, time and
 * revocation; at last the form. What fails the first three is ordinary mail, whatever it looks like; what fails only the last was sealed by
 * a provider and is passed on all the same. Messages of any content are recognised without an error.
 */
import { domainOf } from '../base/domain-of.ts'
import type { Directory, ProviderRecord } from '../directory/types.ts'
import { findFormProblem } from '../pec/form.ts'
import { readMessage, type ReadMessage } from '../pec/reading.ts'
import { findSigner, type NamedSigner } from '../seal/find-signer.ts'
import type { VerifiedSeal, VerifyFailure } from '../seal/verify.ts'
import { checkSeal, type Verify } from './check-seal.ts'

export interface RecogniserDeps {
  readonly directory: Directory
  /** verifyDetached with a certificate cache of the process */
  readonly verify: Verify
  /** DER of the CA certificates under which providers seal; one array, never changed */
  readonly roots: readonly Buffer[]
  readonly revocation: {
    /** @throws temporary error `revocation-unknown` */
    check(certificate: Buffer, chain: readonly Buffer[], at: number): Promise<'good' | 'revoked'>
  }
  /** milliseconds since 1970 */
  readonly now: () => number
}

/** Why a message counts as ordinary mail. */
export type OrdinaryReason =
  | 'no-signature'
  /** the signer is not in the directory of the providers, or cannot be made out */
  | 'unknown-origin'
  /** an envelope of a provider for a sender in a domain that it does not manage */
  | 'foreign-sender'
  | 'invalid-signature'
  /** the certificate, or one above it, was not valid at that time, or the signer says a time to come */
  | 'expired'
  | 'revoked'

interface Sealed {
  /** who sealed it: its record in the directory */
  readonly provider: ProviderRecord
  readonly seal: VerifiedSeal
  readonly message: ReadMessage
}

export type Recognised =
  /** a correct transport envelope: `message.daticert`, `.submission`, `.original` and `.messageId` are there */
  | ({ readonly class: 'envelope' } & Sealed)
  /** a correct receipt or notice: `message.daticert` and `.submission` are there */
  | ({ readonly class: 'receipt' } & Sealed)
  /** sealed by a provider, but not a correct certified message; `problem` says why, for people */
  | ({ readonly class: 'malformed'; readonly problem: string } & Sealed)
  | {
      readonly class: 'ordinary'
      readonly reason: OrdinaryReason
      /** of a signature that does not hold */
      readonly failure?: VerifyFailure
      readonly message: ReadMessage
    }

export interface Recogniser {
  /**
   * @param bytes a whole message
   * @throws temporary error `revocation-unknown`, and what the directory throws: the message is to be tried again
   */
  recognise(bytes: Buffer): Promise<Recognised>
}

export function createRecogniser({ directory, verify, roots, revocation, now }: RecogniserDeps): Recogniser {
  return {
    async recognise(bytes) {
      const message = readMessage(bytes)
      const ordinary = (reason: OrdinaryReason, failure?: VerifyFailure): Recognised => ({
        class: 'ordinary',
        reason,
        ...(failure && { failure }),
        message,
      })
      if (!message.seal) return ordinary('no-signature')
      const signer = findSigner(message.seal.cms)
      const provider = signer && (await directory.providerOfCertificate(signer.certificate))
      if (!provider) return ordinary('unknown-origin')
      if (!(await isOwnSender(directory, provider, message))) return ordinary('foreign-sender')

      const time = now()
      if ((signer.signingTime ?? 0) > time + CLOCKS_DIFFER) return ordinary('expired')
      const seal = await checkSeal(bytes, message.seal, { verify, roots, at: validityTime(signer, time) })
      if (!seal.ok) return ordinary(seal.reason === 'expired' ? 'expired' : 'invalid-signature', seal.reason)
      // Two certificates of one name and number: what was looked up must be what has signed.
      if (!seal.certificate.equals(signer.certificate)) return ordinary('unknown-origin')
      if ((await revocation.check(seal.certificate, seal.chain, time)) === 'revoked') return ordinary('revoked')

      const sealed = { provider, seal, message }
      const problem = findFormProblem(message, seal.addresses)
      if (problem !== null) return { class: 'malformed', problem, ...sealed }
      return { class: message.kind === 'posta-certificata' ? 'envelope' : 'receipt', ...sealed }
    },
  }
}

/** Milliseconds that the clocks of two machines may differ. */
const CLOCKS_DIFFER = 5 * 60_000
/** Milliseconds that a message is under way at most: 24 hours (RFC 6109 2.2.2), and as many again. */
const UNDER_WAY = 48 * 3_600_000

/**
 * When the certificates must have been valid: when it was sealed, if that is not longer ago than a message is under way, so that one does
 * not lose its worth in a queue; else now. Whoever steals a key gains nothing by an old date.
 */
function validityTime({ signingTime }: NamedSigner, now: number): number {
  return signingTime !== null && signingTime > now - UNDER_WAY ? signingTime : now
}

/**
 * Whether a provider may speak for the sender of a message. Of anything but an envelope with readable data there is no sender to ask about:
 * receipts speak of senders of other providers.
 */
export async function isOwnSender(
  directory: Directory,
  provider: ProviderRecord,
  { kind, daticert }: ReadMessage,
): Promise<boolean> {
  if (kind !== 'posta-certificata' && daticert?.kind !== 'posta-certificata') return true
  return !daticert || manages(directory, provider, daticert.sender)
}

/** Whether a provider, in whichever of its environments, manages the domain of an address (RFC 6109 4.5.7). */
export async function manages(directory: Directory, provider: ProviderRecord, address: string): Promise<boolean> {
  const owner = await directory.providerOf(domainOf(address))
  return owner?.name.toLowerCase() === provider.name.toLowerCase()
}
