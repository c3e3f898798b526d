/** SQL of submissions, dispatches and the outbox (migrations 0005 and 0013). */
import { LEASE_MS } from './lease.ts'
import type { LedgerEntry } from '../ledger/entry.ts'
import type { Recipient, ReceiptType } from '../pec/certification-data.ts'
import type { Database } from '../storage/database.ts'
import type { OutboxKind, ReceiptKind } from './types.ts'

export interface SubmissionRow {
  slot: number
  pec_msgid: string
  mailbox: string
  msgid: string | null
  sender: string
  recipients: Recipient[]
  reply_to: string
  subject: string
  raw_subject: Buffer | null
  envelope: string
  acceptance: string
  original_header: number
  eight_bit: boolean
  accepted_at: Date
  receipt_type: ReceiptType
}

export interface DispatchRow {
  slot: number
  pec_msgid: string
  recipient: string
  outcome: 'delivered' | 'failed' | 'expired' | 'relayed' | null
  closed_at: Date | null
  attempts: number
  last_error: string | null
  sent_at: Date | null
  taken_at: Date | null
}

/** A receipt of a recipient's, and the identifier of its message without angle brackets. */
export interface ReceiptKey {
  readonly slot: number
  readonly pecMsgid: string
  readonly recipient: string
  readonly messageId: string
}

export interface StoredReceipt {
  readonly slot: number
  readonly messageId: string
  readonly kind: ReceiptKind
  readonly origin: 'local' | 'remote' | 'own'
}

/** A claimed row of the outbox, without the bytes of its receipt. */
export interface OutboxClaim {
  slot: number
  pec_msgid: string
  recipient: string
  kind: OutboxKind
  message_id: string
  target_address: string | null
  size: number
  attempts: number
}

export interface OutboxRow extends OutboxClaim {
  target_slot: number | null
  target_mailbox: string | null
  reverse_path: string | null
  head: Buffer
  tail: Buffer
  parsed: Buffer
  blob_slot: number | null
  blob: string | null
  blob_place: 'database' | 'disk' | null
  blob_offset: number
  blob_length: number
}

/** What failed for now: when it is tried again, and why it failed. */
export interface Deferral {
  readonly recipient: string
  readonly next: Date
  readonly error: string
}

/** The keys of a row of the outbox. */
export interface OutboxKey {
  readonly slot: number
  readonly pecMsgid: string
  readonly recipient: string
  readonly kind: string
}

/** A receipt that came into the sender's slot, and the content that has its bytes. */
export interface ReceiptRow {
  recipient: string
  kind: string
  message_id: string
  content: string
  at: Date
}

type Table = 'dispatch' | 'outbox'

/** Those whose turn has come first are looked at, and so many at a time: what is due may be much. */
const LOOKED_AT = 10_000

const DUE: Record<Table | 'watch', string> = {
  dispatch: 'select slot from dispatch where outcome is null and next_attempt <= $1 order by next_attempt',
  outbox: 'select slot from outbox where next_attempt <= $1 order by next_attempt',
  watch: 'select slot from dispatch where outcome is null and watch_at <= $1 order by watch_at',
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

    /** Whether the provider of a recipient has issued its delivery receipt. */
    async isDelivered(slot: number, pecMsgid: string, recipient: string): Promise<boolean> {
      const rows = await reader.read(
        `select from dispatch where slot = $1 and pec_msgid = $2 and recipient = $3 and outcome = 'delivered'`,
        [slot, pecMsgid, recipient],
      )
      return rows.length > 0
    },

    /** What came back to the sender of a submission, in the order in which it came. */
    receiptsOf: (slot: number, pecMsgid: string) =>
      reader.read<ReceiptRow>(
        'select recipient, kind, message_id, content, at from receipt where slot = $1 and pec_msgid = $2 order by at, recipient, kind',
        [slot, pecMsgid],
      ),

    /** Slots where something is due. It locks nothing; who claims looks again. */
    async dueSlots(what: Table | 'watch', now: Date): Promise<number[]> {
      const rows = await reader.read<{ slot: number }>(`select distinct slot from (${DUE[what]} limit ${LOOKED_AT}) due`, [now])
      return rows.map(({ slot }) => slot)
    },

    claimDispatches: (slot: number, now: Date, lease: Date, limit: number) =>
      transactor.call<DispatchRow>(slot, 'select * from transport_claim_dispatches($1, $2, $3, $4)', [slot, now, lease, limit]),

    claimOutbox: (slot: number, now: Date, lease: Date, limit: number) =>
      transactor.call<OutboxClaim>(
        slot,
        `select slot, pec_msgid, recipient, kind, message_id, target_address, size, attempts from transport_claim_outbox($1, $2, $3, $4)`,
        [slot, now, lease, limit],
      ),

    /** A row with its receipt; undefined if it has arrived meanwhile. */
    async outboxRow({ slot, pecMsgid, recipient, kind }: OutboxKey): Promise<OutboxRow | undefined> {
      const sql = 'select * from outbox where slot = $1 and pec_msgid = $2 and recipient = $3 and kind = $4'
      const [row] = await reader.read<OutboxRow>(sql, [slot, pecMsgid, recipient, kind])
      return row
    },

    /** Ends the leases of a slot: only by who knows that no other process works. What killed its process again and again waits for its time. */
    async release(table: Table, slot: number, now: Date): Promise<void> {
      const open = table === 'dispatch' ? ' and outcome is null' : ''
      await transactor.call(
        slot,
        `update ${table} set next_attempt = $2 where slot = $1 and next_attempt > $2 and next_attempt <= $3 and attempts < 5${open}`,
        [slot, now, new Date(now.getTime() + LEASE_MS)],
      )
    },

    /** Keeps the dispatches of a message for this process. */
    async renewDispatches(slot: number, pecMsgid: string, recipients: readonly string[], lease: Date): Promise<void> {
      await transactor.call(slot, 'select transport_renew_dispatches($1, $2, $3, $4)', [slot, pecMsgid, recipients, lease])
    },

    /** Dispatches that were claimed and not tried. */
    async giveBackDispatches(slot: number, pecMsgid: string, recipients: readonly string[], next: Date): Promise<void> {
      await transactor.call(slot, 'select transport_give_back_dispatches($1, $2, $3, $4)', [slot, pecMsgid, recipients, next])
    },

    async deferDispatches(slot: number, pecMsgid: string, deferrals: readonly Deferral[]): Promise<void> {
      await transactor.call(slot, 'select transport_defer_dispatches($1, $2, $3, $4, $5)', [
        slot,
        pecMsgid,
        deferrals.map(({ recipient }) => recipient),
        deferrals.map(({ next }) => next),
        deferrals.map(({ error }) => error),
      ])
    },

    /** Another server has taken the message over. @param final nothing more will be heard of these recipients */
    async sent(slot: number, pecMsgid: string, recipients: readonly string[], final: boolean, entry: LedgerEntry): Promise<void> {
      await transactor.call(slot, 'select transport_sent($1, $2, $3, $4, $5, $6)', [
        slot,
        pecMsgid,
        recipients,
        final,
        JSON.stringify(entry),
        new Date(entry.at),
      ])
    },

    /** Receipts in their senders' mailboxes, by the identifiers of their messages. */
    receipts: (keys: readonly ReceiptKey[]): Promise<StoredReceipt[]> =>
      reader.read<StoredReceipt>(
        `select r.slot, r.message_id as "messageId", r.kind, r.origin
         from unnest($1::integer[], $2::text[], $3::text[], $4::text[]) k(slot, pec_msgid, recipient, message_id)
         join receipt r on r.slot = k.slot and r.pec_msgid = k.pec_msgid and r.recipient = k.recipient and r.message_id = k.message_id`,
        [
          keys.map(({ slot }) => slot),
          keys.map(({ pecMsgid }) => pecMsgid),
          keys.map(({ recipient }) => recipient),
          keys.map(({ messageId }) => messageId),
        ],
      ),

    /** @param recipients in lower case */
    async taken(slot: number, pecMsgid: string, recipients: readonly string[], at: Date): Promise<void> {
      await transactor.call(slot, 'select transport_taken($1, $2, $3, $4)', [slot, pecMsgid, recipients, at])
    },

    claimWatches: (slot: number, now: Date, lease: Date, limit: number) =>
      transactor.call<DispatchRow>(slot, 'select * from transport_claim_watches($1, $2, $3, $4)', [slot, now, lease, limit]),

    async setWatch(slot: number, pecMsgid: string, recipient: string, watch: Date): Promise<void> {
      await transactor.call(slot, 'select transport_set_watch($1, $2, $3, $4)', [slot, pecMsgid, recipient, watch])
    },

    async deferOutbox({ slot, pecMsgid, recipient, kind }: OutboxKey, next: Date, error: string): Promise<void> {
      await transactor.call(
        slot,
        `update outbox set next_attempt = $5, last_error = $6 where slot = $1 and pec_msgid = $2 and recipient = $3 and kind = $4`,
        [slot, pecMsgid, recipient, kind, next, error],
      )
    },

    /** Keeps a row for this process. What has been put off for longer meanwhile stays put off. */
    async renewOutbox({ slot, pecMsgid, recipient, kind }: OutboxKey, lease: Date): Promise<void> {
      await transactor.call(
        slot,
        `update outbox set next_attempt = $5 where slot = $1 and pec_msgid = $2 and recipient = $3 and kind = $4 and next_attempt < $5`,
        [slot, pecMsgid, recipient, kind, lease],
      )
    },

    /** A row that was claimed and not tried. */
    async giveBackOutbox({ slot, pecMsgid, recipient, kind }: OutboxKey, next: Date): Promise<void> {
      await transactor.call(
        slot,
        `update outbox set next_attempt = $5, attempts = attempts - 1 where slot = $1 and pec_msgid = $2 and recipient = $3 and kind = $4`,
        [slot, pecMsgid, recipient, kind, next],
      )
    },

    /** Those of the blobs that a receipt on its way points at. */
    async blobsInOutbox(ids: readonly string[]): Promise<string[]> {
      const rows = await reader.read<{ blob: string }>('select distinct blob from outbox where blob = any ($1::uuid[])', [ids])
      return rows.map((row) => row.blob)
    },

    async receiptsArrived(slot: number, receipts: readonly Omit<OutboxKey, 'slot'>[]): Promise<void> {
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
