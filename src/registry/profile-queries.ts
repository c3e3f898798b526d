/** SQL of profiles and of the domains' policies (migration 0009 and later). */
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database, Transaction } from '../storage/database.ts'
import type { MailboxStatus } from './status.ts'

export type IncomingPolicy = 'accept' | 'refuse' | 'forward'
export type OutgoingPolicy = 'allow' | 'refuse'

export interface MailboxProfile {
  readonly status: MailboxStatus
  /** the agreement has set it, not an operator */
  readonly statusByAgreement: boolean
  /** what becomes of ordinary mail to it; null: as the installation says */
  readonly incomingOrdinary: IncomingPolicy | null
  /** where it is forwarded to; null unless `incomingOrdinary` is `forward` */
  readonly forwardTo: string | null
  /** whether it may write to ordinary addresses; null: as its domain says */
  readonly outgoingOrdinary: OutgoingPolicy | null
  /** mail programs need an app password: the mailbox's own opens nothing to them */
  readonly secondFactor: boolean
  /** the folder of the receipts of what went well, made when one comes; null: the inbox */
  readonly receiptsFolder: string | null
}

/** The columns of a left-joined `mailbox_profile p`, under the names of MailboxProfile. */
export const PROFILE_COLUMNS = `coalesce(p.status, 'active') as status, coalesce(p.status_by_agreement, false) as "statusByAgreement", p.incoming_ordinary as "incomingOrdinary",
  p.forward_to as "forwardTo", p.outgoing_ordinary as "outgoingOrdinary", coalesce(p.second_factor, false) as "secondFactor",
  p.receipts_folder as "receiptsFolder"`

const SELECT = `select ${PROFILE_COLUMNS} from mailbox_profile p where slot = $1 and mailbox = $2`

export const DEFAULT_PROFILE: MailboxProfile = {
  status: 'active',
  statusByAgreement: false,
  incomingOrdinary: null,
  forwardTo: null,
  outgoingOrdinary: null,
  secondFactor: false,
  receiptsFolder: null,
}

export function profileQueries({ reader, transactor }: Database) {
  return {
    async profile({ slot, id }: MailboxRef): Promise<MailboxProfile> {
      const [row] = await reader.read<MailboxProfile>(SELECT, [slot, id])
      return row ?? DEFAULT_PROFILE
    },

    /** The profile, locked until the transaction ends, so that two changes do not undo each other. */
    async profileForUpdate(tx: Transaction, { slot, id }: MailboxRef): Promise<MailboxProfile> {
      await tx.query('select 1 from mailbox where slot = $1 and id = $2 for update', [slot, id])
      const [row] = await tx.query<MailboxProfile>(SELECT, [slot, id])
      return row ?? DEFAULT_PROFILE
    },

    async save(tx: Transaction, { slot, id }: MailboxRef, profile: MailboxProfile, at: Date): Promise<void> {
      const { status, statusByAgreement, incomingOrdinary, forwardTo, outgoingOrdinary, secondFactor, receiptsFolder } = profile
      await tx.query(
        `insert into mailbox_profile (slot, mailbox, status, incoming_ordinary, forward_to, outgoing_ordinary, second_factor, receipts_folder,
           changed_at, status_by_agreement)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (slot, mailbox) do update set status = excluded.status, incoming_ordinary = excluded.incoming_ordinary,
           forward_to = excluded.forward_to, outgoing_ordinary = excluded.outgoing_ordinary,
           second_factor = excluded.second_factor, receipts_folder = excluded.receipts_folder, changed_at = excluded.changed_at,
           status_by_agreement = excluded.status_by_agreement`,
        [slot, id, status, incomingOrdinary, forwardTo, outgoingOrdinary, secondFactor, receiptsFolder, at, statusByAgreement],
      )
    },

    /** The policies of all domains that have one. */
    async domainPolicies(): Promise<Map<string, OutgoingPolicy>> {
      const rows = await reader.read<{ domain: string; policy: OutgoingPolicy }>(
        'select domain, outgoing_ordinary as policy from domain_policy',
      )
      return new Map(rows.map(({ domain, policy }) => [domain, policy]))
    },

    async setDomainPolicy(domain: string, policy: OutgoingPolicy, at: Date): Promise<void> {
      await transactor.reference((tx) =>
        tx.query(
          `insert into domain_policy (domain, outgoing_ordinary, changed_at) values ($1, $2, $3)
           on conflict (domain) do update set outgoing_ordinary = excluded.outgoing_ordinary, changed_at = excluded.changed_at`,
          [domain, policy, at],
        ),
      )
    },
  }
}
