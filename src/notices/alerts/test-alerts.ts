/** For tests: alerts on a real database with a clock that is moved by hand, a post that only notes what it is given, and messages that come. */
import { createContents } from '../../mailbox/contents.ts'
import { mailboxQueries } from '../../mailbox/queries.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import { contentOfParts, withStore } from '../../mailbox/test-store.ts'
import type { ExpiringMailbox } from '../../registry/agreement/expiring.ts'
import { registryQueries } from '../../registry/queries.ts'
import { createSecrets } from '../../registry/secrets.ts'
import { createBus } from '../../storage/bus.ts'
import type { TestScope } from '../../storage/test-database.ts'
import type { OrdinaryMail } from '../post.ts'
import { createAlerts } from './alerts.ts'
import { createArrivalReader } from './arrivals.ts'
import { createMailChannel } from './by-mail.ts'
import { createFinder } from './finder.ts'
import { createAlertLinks } from './links.ts'
import { alertQueries } from './queries.ts'
import { createAlertQueue } from './queue.ts'
import type { Channel } from './types.ts'

export const WEB = 'https://pec.test'

/** A message with these fields before its body. */
export const messageOf = (...lines: readonly string[]): Buffer => Buffer.from([...lines, '', 'The secret body.', ''].join('\r\n'))

export const envelopeOf = (sender: string, subject: string): Buffer =>
  messageOf(
    'X-Trasporto: posta-certificata',
    `From: "Per conto di: ${sender}" <posta-certificata@pec.test>`,
    `Subject: POSTA CERTIFICATA: ${subject}`,
  )

export async function withAlerts(scope: TestScope) {
  const base = await withStore(scope)
  const { database, blobs, mailbox: makeMailbox, arrive } = base
  const bus = createBus({ warn: console.warn })
  const clock = { now: Date.parse('2026-03-15T09:00:00Z') }
  const now = (): number => clock.now
  const sent: OrdinaryMail[] = []
  const errors: unknown[] = []
  const expiring: ExpiringMailbox[] = []
  const queries = alertQueries(database)
  const links = createAlertLinks(createSecrets({ queries: registryQueries(database), now }))
  const mailboxes = new Map<string, MailboxRef>()
  const ordinary = new Map<string, string>()
  /** what fails the next time that something is told */
  const trouble: { before?: Error; after?: Error } = {}

  const alerts = createAlerts({
    queries,
    links,
    find: async (address) => mailboxes.get(address),
    ordinaryAddress: async (address) => ordinary.get(address) ?? null,
    isCertified: async (domain) => domain === 'pec.test',
    now,
  })
  const mail = createMailChannel({
    links,
    web: WEB,
    post: {
      // As the post does: what has a key that was given before is not sent.
      async queue(one) {
        if (!sent.some(({ key, to }) => key === one.key && to === one.to)) sent.push(one)
      },
    },
  })
  const told: string[] = []
  const tell: Channel = async (telling) => {
    told.push(telling.key)
    const { before, after } = trouble
    delete trouble.before
    delete trouble.after
    if (before) throw before
    await mail(telling)
    if (after) throw after
  }
  const finder = createFinder({ queries, bus, expiring: async () => expiring, now })
  const queue = createAlertQueue({
    queries,
    finder,
    readArrivals: createArrivalReader(createContents(mailboxQueries(database), blobs)),
    tell,
    report: (name, data) => void errors.push({ name, data }),
    now,
  })

  /** What is due now; answers the mails that it sent. */
  async function work(): Promise<OrdinaryMail[]> {
    const before = sent.length
    for (const slot of await queue.dueSlots(new Date(now()))) await queue.workOff(slot)
    return sent.slice(before)
  }

  async function comeUnhinted({ ref }: { ref: MailboxRef }, ...messages: readonly Buffer[]): Promise<void> {
    await arrive(
      ref,
      messages.map((bytes) => contentOfParts(bytes, null, Buffer.alloc(0), Buffer.alloc(0))),
    )
  }

  return {
    ...base,
    alerts,
    queue,
    clock,
    queries,
    errors,
    expiring,
    trouble,
    /** the key of each telling, also where it was told before */
    told,
    ordinary,
    work,
    /** Goes on by so many seconds, and does what is due then. */
    async later(seconds: number): Promise<OrdinaryMail[]> {
      clock.now += seconds * 1000
      return work()
    },
    async holder(options: { quota?: number } = {}) {
      const ref = await makeMailbox(options)
      const address = `${ref.id}@pec.test`
      mailboxes.set(address, ref)
      ordinary.set(address, `${ref.id.slice(-12)}@home.test`)
      return { ref, address, recipient: `${ref.id.slice(-12)}@home.test` }
    },
    comeUnhinted,
    /** Puts messages into the inbox, as the points do, with a hint. */
    async come(holder: { ref: MailboxRef }, ...messages: readonly Buffer[]): Promise<void> {
      await comeUnhinted(holder, ...messages)
      bus.publish(holder.ref.id)
    },
  }
}
