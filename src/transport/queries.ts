/** SQL of submissions, dispatches and the outbox (migration 0005). */
import type { Database } from '../storage/database.ts'
import type { ReceiptKind } from './types.ts'

export interface SubmissionRow {
  slot: number
  pec_msgid: string
  mailbox: string
  msgid: string | null
  sender: string
  recipients: { address: string; certified: boolean }[]
  reply_to: string
  subject: string
  raw_subject: Buffer | null
  envelope: string
  acceptance: string
  original_header: number
  eight_bit: boolean
  accepted_at: Date
}

export interface DispatchRow {
  slot: number
  pec_msgid: string
  recipient: string
  outcome: 'delivered' | 'failed' | null
  closed_at: Date | null
  next_attempt: Date
  attempts: number
  last_error: string | null
}

export interface OutboxRow {
  slot: number
  pec_msgid: string
  recipient: string
  kind: ReceiptKind
  message_id: string
  target_slot: number
  target_mailbox: string
  size: number
  head: Buffer
  tail: Buffer
  parsed: Buffer
  blob_slot: number | null
  blob: string | null
  blob_place: 'database' | 'disk' | null
  blob_offset: number
  blob_length: number
}

type Queue = 'dispatch' | 'outbox'

const DUE: Record<Queue, string> = {
  dispatch: 'select distinct slot from dispatch where outcome is null and next_attempt <= $1',
  outbox: 'select distinct slot from outbox where next_attempt <= $1',
}

export function transportQueries({ reader, transactor }: Database) {
  return {
    submission: async (slot: number, pecMsgid: string): Promise<SubmissionRow | undefined> => {
      const rows = await reader.read<SubmissionRow>('select * from submission where slot = $1 and pec_msgid = $2', [
        slot,
        pecMsgid,
      ])
      return rows[0]
    },

    /** How many submissions there are, dispatches under way, and messages in mailboxes. */
    async counts(): Promise<{ submissions: number; open: number; messages: number }> {
      const [row] = await reader.read<{ submissions: number; open: number; messages: number }>(
        `select (select count(*) from submission) as submissions, (select count(*) from dispatch where outcome is null) as open,
           (select count(*) from message) as messages`,
      )
      return row ?? { submissions: 0, open: 0, messages: 0 }
    },

    /** By the certified identifier or by the user's own Message-ID. */
    findSubmissions: (id: string) =>
      reader.read<SubmissionRow>('select * from submission where pec_msgid = $1 or msgid = $1 order by accepted_at limit 100', [
        id,
      ]),

    dispatches: (slot: number, pecMsgid: string) =>
      reader.read<DispatchRow>('select * from dispatch where slot = $1 and pec_msgid = $2 order by recipient', [slot, pecMsgid]),

    /** Slots where something is due. It locks nothing; who claims looks again. */
    dueSlots: async (queue: Queue, now: Date): Promise<number[]> =>
      (await reader.read<{ slot: number }>(DUE[queue], [now])).map((r) => r.slot),

    claimDispatches: (slot: number, now: Date, lease: Date, limit: number) =>
      transactor.call<DispatchRow>(slot, 'select * from transport_claim_dispatches($1, $2, $3, $4)', [slot, now, lease, limit]),

    claimOutbox: (slot: number, now: Date, lease: Date, limit: number) =>
      transactor.call<OutboxRow>(slot, 'select * from transport_claim_outbox($1, $2, $3, $4)', [slot, now, lease, limit]),

    /** Ends the leases of a slot: only by who knows that no other process works. */
    async release(queue: Queue, slot: number, now: Date): Promise<void> {
      const open = queue === 'dispatch' ? ' and outcome is null' : ''
      await transactor.call(slot, `update ${queue} set next_attempt = $2 where slot = $1 and next_attempt > $2${open}`, [
        slot,
        now,
      ])
    },

    async recordError(slot: number, pecMsgid: string, recipient: string, error: string): Promise<void> {
      await transactor.call(slot, 'update dispatch set last_error = $4 where slot = $1 and pec_msgid = $2 and recipient = $3', [
        slot,
        pecMsgid,
        recipient,
        error,
      ])
    },

    /** Those of the blobs that a receipt on its way points at. */
    async blobsInOutbox(ids: readonly string[]): Promise<string[]> {
      const rows = await reader.read<{ blob: string }>('select distinct blob from outbox where blob = any ($1::uuid[])', [ids])
      return rows.map((row) => row.blob)
    },

    async receiptsArrived(
      slot: number,
      receipts: readonly { pecMsgid: string; recipient: string; kind: string }[],
    ): Promise<void> {
      await transactor.call(slot, 'select transport_receipts_arrived($1, $2, $3, $4)', [
        slot,
        receipts.map(({ pecMsgid }) => pecMsgid),
        receipts.map(({ recipient }) => recipient),
        receipts.map(({ kind }) => kind),
      ])
    },
  }
}

export type TransportQueries = ReturnType<typeof transportQueries>
