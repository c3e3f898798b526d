/**
 * The Incoming Point (RFC 6109 2.2.2): recognises what another server hands in, and sends each kind its way. When `receive` resolves, what came
 * is durable, and what is to be answered with it; what it throws becomes the SMTP reply, and nothing was taken in.
 */
import { domainOf } from '../base/domain-of.ts'
import { asCeralaccaError, CeralaccaError, clientError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { uuidv7 } from '../base/ids.ts'
import type { Directory } from '../directory/types.ts'
import type { Quarantine, Scanner, Threat } from '../quarantine/types.ts'
import { addressingOf } from './addressing.ts'
import type { CorrectEnvelope, EnvelopeOutcome } from './envelopes.ts'
import type { IncomingRequest } from './request.ts'
import type { OrdinaryMail } from './ordinary-mail.ts'
import type { createPlainMail } from './plain-mail.ts'
import type { Recognised, Recogniser } from './recognise.ts'
import type { CorrectReceipt } from './returned-receipts.ts'

export interface IncomingPointDeps {
  readonly directory: Directory
  readonly isLocal: (domain: string) => Promise<boolean>
  /** posta-certificata@ and the service mailbox */
  readonly isServiceAddress: (address: string) => Promise<boolean>
  readonly recogniser: Recogniser
  readonly takeEnvelope: (request: IncomingRequest, envelope: CorrectEnvelope, found?: Threat) => Promise<EnvelopeOutcome>
  readonly takeReceipt: (request: IncomingRequest, receipt: CorrectReceipt) => Promise<string[]>
  readonly plainMail: ReturnType<typeof createPlainMail>
  readonly ordinaryMail: OrdinaryMail
  /** what comes back of our own ordinary mail */
  readonly bounces: {
    isOurs(address: string): boolean
    take(addresses: readonly string[], bytes: Buffer): Promise<void>
  }
  readonly scanner: Scanner
  readonly quarantine: Quarantine
  readonly report: EventSink
  readonly now: () => number
}

export interface IncomingPoint {
  /**
   * Asked at RCPT. @throws `relay-denied`, and of ordinary mail `no-such-mailbox`, `mailbox-disabled`, `certified-only`, `mailbox-full`
   */
  checkRecipient(address: string, reversePath: string): Promise<void>
  receive(request: IncomingRequest): Promise<void>
}

type Outcome = { readonly kind: string; readonly provider: string }

export function createIncomingPoint(deps: IncomingPointDeps): IncomingPoint {
  const {
    directory,
    isLocal,
    isServiceAddress,
    recogniser,
    takeEnvelope,
    takeReceipt,
    plainMail,
    ordinaryMail,
    bounces,
    scanner,
  } = deps
  const { quarantine, report, now } = deps

  /** Sealed by a provider, but not what it should be: it is passed on all the same, and says so. */
  async function wrapMalformed(request: IncomingRequest, { provider, message }: Origin, problem: string): Promise<Outcome> {
    const threat = await scanner.scan(request.bytes)
    if (threat) return stopInfected(request, { provider, message }, threat)
    await ordinaryMail.checkAllKnown(request.recipients)
    const reason = `il messaggio del gestore ${provider.name} non è una busta di trasporto o una ricevuta corretta (${problem})`
    await plainMail.wrap({ ...request, header: message.header, forwards: [], provider: provider.name }, reason)
    return { kind: 'anomaly', provider: provider.name }
  }

  /**
   * A malformed message with a threat, whose origin is known all the same. Where its data can be read, that provider hears of it as of a correct
   * envelope (RFC 6109 3.2.3); else its server is told, and a virus is kept (2.2.4).
   */
  async function stopInfected(request: IncomingRequest, { provider, message }: Origin, threat: Threat): Promise<Outcome> {
    const { submission, daticert, seal } = message
    const isEnvelope = daticert?.kind === 'posta-certificata' && daticert.pecMsgid !== '' && daticert.sender !== ''
    if (isEnvelope && submission && seal) {
      const envelope = { provider, message: { ...message, submission, seal } }
      const { named, others } = addressingOf(submission, request.recipients)
      const recipients = [...named, ...others.map((path) => path.toLowerCase())]
      if ((await takeEnvelope({ ...request, recipients }, envelope, threat)) !== 'other')
        return { kind: 'infected', provider: provider.name }
    }
    if (threat.kind === 'virus') {
      const { recipients, bytes, reversePath: sender } = request
      const at = now()
      await quarantine.keep({ point: 'incoming', threat, pecMsgid: uuidv7(at), sender, recipients, bytes, at })
    }
    throw threatFound(threat)
  }

  /** There is no provider to tell, so its own server tells the sender (RFC 6109 2.2.2). */
  async function refuseThreats(bytes: Buffer): Promise<void> {
    const threat = await scanner.scan(bytes)
    if (threat) throw threatFound(threat)
  }

  async function route(request: IncomingRequest, recognised: Recognised): Promise<Outcome> {
    const { message } = recognised
    if (recognised.class === 'ordinary') {
      await refuseThreats(request.bytes)
      await ordinaryMail.take(request, recognised)
      return { kind: 'ordinary', provider: '' }
    }
    const { provider } = recognised
    if (recognised.class === 'malformed') return wrapMalformed(request, recognised, recognised.problem)
    const { submission, daticert, seal } = message
    // What the recogniser calls correct has them.
    if (!submission || !daticert || !seal)
      throw new CeralaccaError('recogniser', 'bug', `a correct ${recognised.class} lacks a part`)
    if (recognised.class === 'envelope') {
      const { named, others } = addressingOf(submission, request.recipients)
      // First what may be refused, last what another attempt would repeat.
      await ordinaryMail.checkAllKnown(others)
      const certified = { ...request, recipients: named }
      const envelope = { provider, message: { ...message, submission, seal } }
      if (named.length > 0 && (await takeEnvelope(certified, envelope)) === 'other') {
        return wrapMalformed(request, recognised, 'its identifier belongs to another message')
      }
      const unnamed = { ...request, recipients: others }
      if (others.length > 0) return wrapMalformed(unnamed, recognised, 'its data do not name this recipient')
    } else {
      const recipients = await takeReceipt(request, { provider, message: { ...message, daticert } })
      if (recipients.length > 0) {
        await plainMail.pass({ ...request, recipients, header: message.header, forwards: [], provider: provider.name })
      }
    }
    return { kind: recognised.class, provider: provider.name }
  }

  return {
    async checkRecipient(address, reversePath) {
      if (bounces.isOurs(address)) return
      if (!(await isLocal(domainOf(address)))) throw clientError('relay-denied', `${domainOf(address)} is not served here`)
      if (await isServiceAddress(address)) return
      // A provider hears of an unknown mailbox by a notice that its sender can keep, not by a refusal.
      if (reversePath !== '' && (await directory.providerOf(domainOf(reversePath)))) return
      await ordinaryMail.checkRecipient(address, reversePath)
    },

    async receive(request) {
      const started = now()
      try {
        const { recipients, bytes } = request
        const [returned, others] = [recipients.filter(bounces.isOurs), recipients.filter((one) => !bounces.isOurs(one))]
        if (returned.length > 0) await bounces.take(returned, bytes)
        const { kind, provider } =
          others.length === 0
            ? { kind: 'bounce', provider: '' }
            : await route({ ...request, recipients: others }, await recogniser.recognise(bytes))
        report('mail-taken', {
          kind,
          provider,
          recipients: recipients.length,
          bytes: bytes.length,
          milliseconds: now() - started,
        })
      } catch (thrown) {
        const error = asCeralaccaError(thrown)
        report('mail-refused', { code: error.code, bytes: request.bytes.length, clientAddress: request.client.address })
        if (!(thrown instanceof CeralaccaError) || error.fault === 'bug') report('unexpected-error', { where: 'incoming', error })
        throw error
      }
    },
  }
}

type Origin = Pick<Extract<Recognised, { readonly class: 'malformed' }>, 'provider' | 'message'>

const threatFound = ({ name }: Threat): CeralaccaError => clientError('threat-found', `The message was refused: ${name}`)
