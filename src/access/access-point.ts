/**
 * The Access Point (RFC 6109 2.2.1, 3.1): takes a submission and answers it once. What passes the checks becomes certified mail, what does
 * not gets a non-acceptance notice (formal-checks.ts has the list). Either is one transaction, and only then comes the answer (I1, I2).
 * What cannot be had now, such as database or scanner, is thrown, and the client tries again. Called by protocols/smtp.
 */
import { createBatcher } from '../base/batcher.ts'
import type { Checkpoint } from '../base/checkpoint.ts'
import { CeralaccaError, asCeralaccaError, clientError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { newMessageId } from '../base/ids.ts'
import { instantOf } from '../base/instant.ts'
import { BytesPack } from '../mailbox/content.ts'
import type { Quarantine } from '../quarantine/types.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { Bus } from '../storage/bus.ts'
import type { Database } from '../storage/database.ts'
import type { Submission } from '../transport/types.ts'
import { acceptItem, type Accepted } from './accept-item.ts'
import { certify, type CertificationDeps } from './certification.ts'
import { createInspection, type InspectionDeps, type Problem } from './inspection.ts'
import { refuseItem } from './non-acceptance.ts'
import { accessQueries, type AcceptStatus } from './queries.ts'
import type { Answer, ReadSubmission, SubmissionRequest } from './types.ts'

export interface AccessPoint {
  /**
   * Resolves once the submission is certified, or its non-acceptance is, and on disk.
   * @throws client error `mailbox-full`; temporary errors of scanner, database and disk
   */
  accept(request: SubmissionRequest): Promise<Answer>
}

export interface AccessPointDeps extends InspectionDeps, CertificationDeps {
  readonly database: Database
  readonly blobs: Blobs
  readonly bus: Pick<Bus, 'publish'>
  readonly quarantine: Quarantine
  readonly startDispatches: (submission: Submission) => void
  readonly report: EventSink
  readonly checkpoint: Checkpoint
  readonly now: () => number
}

export function createAccessPoint(deps: AccessPointDeps): AccessPoint {
  const { database, blobs, bus, sealer, issuer, domain, quarantine, startDispatches, report, checkpoint, now } = deps
  const queries = accessQueries(database)
  const inspection = createInspection(deps)

  /** One transaction of the sender's slot for all that waits for the same mailbox. */
  const acceptTogether = createBatcher<Accepted, AcceptStatus>(async (_, accepted) => {
    const [{ submission }] = accepted as [Accepted, ...Accepted[]]
    const pack = new BytesPack()
    const items = accepted.map((item) => acceptItem(pack, item, issuer.provider))
    const statuses = await queries.accept(submission.sender, items, pack.bytes(), now())
    bus.publish(submission.sender.id)
    return statuses
  })

  async function accept(read: ReadSubmission): Promise<string> {
    const accepted = await certify(read, instantOf(now()), deps)
    const { blob, submission } = accepted
    if (blob.place === 'disk') await blobs.putOnDisk(blob, blob.bytes)
    checkpoint('accept-before-commit')
    const status = await acceptTogether(read.request.mailbox.id, accepted)
    if (status === 'full') throw mailboxFull('the receipts of this message')
    checkpoint('accept-after-commit')
    startDispatches(submission)
    return submission.data.pecMsgid
  }

  async function refuse({ request, header, recipients }: ReadSubmission, { refusal, threat }: Problem): Promise<string> {
    const { mailbox, sender } = request
    const at = instantOf(now())
    const pecMsgid = newMessageId(at.ms, domain)
    // What a virus came in is kept as it was handed in (RFC 6109 2.2.1), before anybody is told.
    if (threat?.kind === 'virus') {
      const { recipients, bytes } = request
      await quarantine.keep({ point: 'access', threat, pecMsgid, sender, recipients, bytes, at: at.ms })
    }
    const refused = { refusal, header, sender, recipients, pecMsgid, at }
    const { item, bytes } = await refuseItem(refused, { sealer, issuer, messageId: newMessageId(at.ms, domain) })
    checkpoint('refuse-before-commit')
    const status = await queries.refuse(mailbox, item, bytes)
    if (status === 'full') throw mailboxFull('the notice that a message is not accepted')
    checkpoint('refuse-after-commit')
    bus.publish(mailbox.id)
    return pecMsgid
  }

  async function answer(request: SubmissionRequest): Promise<Answer> {
    const started = now()
    const read = await inspection.read(request)
    const problem = await inspection.findProblem(read)
    if (problem) {
      const { code } = problem.refusal
      const pecMsgid = await refuse(read, problem)
      report('submission-refused', { code, bytes: read.bytes.length })
      return { outcome: 'refused', pecMsgid, code }
    }
    const pecMsgid = await accept(read)
    report('submission-accepted', {
      pecMsgid,
      recipients: request.recipients.length,
      bytes: read.bytes.length,
      milliseconds: now() - started,
    })
    return { outcome: 'accepted', pecMsgid }
  }

  return {
    async accept(request) {
      try {
        return await answer(request)
      } catch (thrown) {
        const error = asCeralaccaError(thrown)
        report('submission-refused', { code: error.code, bytes: request.bytes.length })
        if (!(thrown instanceof CeralaccaError)) report('unexpected-error', { where: 'accept', error })
        throw error
      }
    },
  }
}

const mailboxFull = (what: string): CeralaccaError =>
  clientError('mailbox-full', `Your mailbox is full, and ${what} would not fit: remove messages and try again`)
