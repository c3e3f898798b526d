/** For tests: webhooks over a real database, with a clock that is moved by hand and a ledger that the test writes. */
import { randomBytes } from 'node:crypto'
import { slotOf } from '../base/ids.ts'
import { instantOf } from '../base/instant.ts'
import { ledgerEntry, type LedgerEvent } from '../ledger/entry.ts'
import { createSecretBox } from '../registry/operators/secret-box.ts'
import type { Database } from '../storage/database.ts'
import { transportQueries } from '../transport/queries.ts'
import { createPost } from './post.ts'
import { RECEIVER_CA } from './test-receiver.ts'
import { createWebhooks, createWebhookWork, type WebhookWorkDeps } from './webhooks.ts'

export const ANNA = { actor: 'operator:anna', role: 'administrator' } as const
export const LOOPBACK = [{ address: '127.0.0.0', prefix: 8 }]

export function openTestWebhooks(database: Database, clock = { now: Date.parse('2026-03-15T09:00:00Z') }) {
  const now = (): number => clock.now
  const reported: { name: string; data: unknown }[] = []
  const box = createSecretBox(randomBytes(32))
  const webhooks = createWebhooks({ database, box: () => box, checkOwner: () => Promise.resolve(), now })

  /** Another process that works. */
  const openWork = (changes: Partial<WebhookWorkDeps> = {}) =>
    createWebhookWork({
      database,
      webhooks,
      transport: transportQueries(database),
      box: () => box,
      openLine: createPost({ networks: LOOPBACK, tlsRoots: RECEIVER_CA, timeoutMs: 1000 }),
      report: (name, data) => void reported.push({ name, data }),
      now,
      ...changes,
    })

  /** Writes an entry about a message of mario@pec.it's, or of another's, in the slot of that mailbox's address. */
  async function write(event: LedgerEvent, pecMsgid: string, facts: { mailbox?: string; other?: string; related?: string } = {}) {
    const { mailbox = 'mario@pec.it', other = 'lucia@altro.it', related = 'r' } = facts
    const isReceived = event === 'delivered' || event === 'taken-in-charge'
    const [sender, recipient] = isReceived ? [other, mailbox] : [mailbox, other]
    const slot = slotOf(mailbox)
    const about = { pecMsgid, msgid: '<m@x>', sender, recipients: [recipient], subject: 'Offerta riservata' }
    const entry = ledgerEntry(event, instantOf(clock.now), about, { related: [related], provider: 'Prova' })
    await database.transactor.call(slot, 'select ledger_append($1, $2)', [slot, JSON.stringify([entry])])
  }

  /** The receipt that an outcome is about, in the sender's slot. */
  async function receipt(pecMsgid: string, kind: string, origin: string, messageId = 'r'): Promise<void> {
    const slot = slotOf('mario@pec.it')
    await database.transactor.call(
      slot,
      `insert into receipt (slot, pec_msgid, recipient, kind, message_id, content, at, origin)
       values ($1, $2, 'lucia@altro.it', $3, $4, gen_random_uuid(), $5, $6)`,
      [slot, pecMsgid, kind, messageId, new Date(clock.now), origin],
    )
  }

  return { webhooks, work: openWork(), openWork, clock, reported, write, receipt, database }
}
