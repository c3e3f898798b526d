/**
 * Sends the codes that prove addresses elsewhere, each in a certified message of ours: a queue of the provider's worker. The hash of a code is
 * stored before its message goes; what is cut short is sent again with another code, and only the newer one counts then.
 */
import { asCeralaccaError } from '../../base/errors.ts'
import type { EventSink } from '../../base/events.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import type { Database } from '../../storage/database.ts'
import { MACHINE } from './actor.ts'
import { addDays, dayOf } from './days.ts'
import { codeMessage, hashOfCode, newCode } from './elsewhere-code.ts'
import { endElsewhere, recordElsewhere } from './elsewhere.ts'
import { createSteps } from './steps.ts'

const LEASE_MS = 60_000
const LONGEST_WAIT_MS = 3_600_000

/** A message of ours to one certified recipient; answers how it was taken. */
export type SendCertified = (mail: {
  mailbox: MailboxRef
  sender: string
  recipient: string
  bytes: Buffer
}) => Promise<{ outcome: 'accepted' | 'refused'; pecMsgid: string }>

export interface CodeSenderDeps {
  readonly database: Database
  /** the address that codes come from, a mailbox of ours */
  readonly sender: string
  readonly findMailbox: (address: string) => Promise<MailboxRef | undefined>
  readonly send: SendCertified
  readonly report: EventSink
  readonly now: () => number
}

interface Due {
  readonly id: string
  readonly order: string
  readonly taxCode: string
  readonly address: string
  readonly expiresAt: Date
  readonly attempts: number
}

export function createCodeSender({ database, sender, findMailbox, send, report, now }: CodeSenderDeps) {
  const { reader, transactor } = database
  const steps = createSteps(database, now)

  /** Takes one that is due, with a new code. */
  const claim = (slot: number): Promise<(Due & { code: string }) | undefined> =>
    transactor.transact(slot, async (tx) => {
      const [due] = await tx.query<Due>(
        `select id, order_code as "order", tax_code as "taxCode", address, expires_at as "expiresAt", attempts from address_elsewhere
         where slot = $1 and send_at <= $2 and expires_at > $2 order by send_at limit 1 for update skip locked`,
        [slot, new Date(now())],
      )
      if (!due) return undefined
      const code = newCode()
      const wait = Math.min(LONGEST_WAIT_MS, LEASE_MS * 2 ** Math.min(due.attempts, 10))
      await tx.query(
        'update address_elsewhere set code_hash = $3, send_at = $4, attempts = attempts + 1 where slot = $1 and id = $2',
        [slot, due.id, hashOfCode(code), new Date(now() + wait)],
      )
      return { ...due, code }
    })

  async function sendCode(slot: number, { id, order, taxCode, address, expiresAt, code }: Due & { code: string }): Promise<void> {
    const mailbox = await findMailbox(sender)
    if (!mailbox) throw new Error(`There is no mailbox ${sender} to send codes from`)
    const until = addDays(dayOf(expiresAt.getTime()), -1)
    const bytes = codeMessage({ from: sender, to: address, code, order, until, at: now() })
    const { outcome, pecMsgid } = await send({ mailbox, sender, recipient: address, bytes })
    await steps(slot, async (step) => {
      const { tx, at } = step
      if (outcome === 'refused') await endElsewhere(tx, order, at, [taxCode], ['unproved'])
      else
        await tx.query(
          `update address_elsewhere set send_at = null, sent_slot = $4, sent_msgid = $5 where slot = $1 and id = $2 and code_hash = $3`,
          [slot, id, hashOfCode(code), mailbox.slot, pecMsgid],
        )
      recordElsewhere(step, { id, address }, outcome === 'refused' ? 'refused' : 'sent', MACHINE, pecMsgid)
    })
  }

  return {
    name: 'codes for addresses elsewhere',

    async dueSlots(at: Date): Promise<number[]> {
      const rows = await reader.read<{ slot: number }>(
        'select distinct slot from address_elsewhere where send_at <= $1 and expires_at > $1',
        [at],
      )
      return rows.map(({ slot }) => slot)
    },

    async release(slot: number, at: Date): Promise<void> {
      await transactor.call(slot, 'update address_elsewhere set send_at = $2 where slot = $1 and attempts > 0 and send_at > $2', [
        slot,
        at,
      ])
    },

    async workOff(slot: number): Promise<boolean> {
      const due = await claim(slot)
      if (!due) return false
      try {
        await sendCode(slot, due)
      } catch (thrown) {
        // It is due again later.
        report('unexpected-error', { where: `code for the address elsewhere ${due.id}`, error: asCeralaccaError(thrown) })
      }
      return true
    },
  }
}
