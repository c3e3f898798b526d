/** What must hold of addresses and mailboxes. */
import type { Check } from '../storage/consistency.ts'

export const REGISTRY_CHECKS: readonly Check[] = [
  {
    invariant: 'registry',
    says: 'A mailbox has the address that leads to it',
    sql: `select 'mailbox ' || m.id as problem from mailbox m
          where not exists (select 1 from address a where a.address = m.address and a.mailbox = m.id and a.mailbox_slot = m.slot)`,
  },
  {
    invariant: 'registry',
    says: 'A mailbox has a forward address if and only if it forwards ordinary mail',
    sql: `select 'mailbox ' || mailbox as problem from mailbox_profile
          where (incoming_ordinary is not distinct from 'forward') <> (forward_to is not null)`,
  },
  {
    invariant: 'registry',
    says: 'Receipts do not go to a folder below another, nor by a name to the inbox',
    sql: `select 'mailbox ' || mailbox as problem from mailbox_profile where receipts_folder = 'INBOX' or receipts_folder like '%/%'`,
  },
  {
    invariant: 'registry',
    says: 'An app password opens something that there is',
    sql: `select 'app password ' || id as problem from app_password
          where protocols = '{}' or not protocols <@ array['imap', 'pop3', 'smtp', 'jmap', 'api']`,
  },
]
