/** The desk of the agreements: all parts of a member's way, put together. Called by the CLI and, for its timers, by the worker. */
import type { EventSink } from '../../base/events.ts'
import type { Domains } from '../../directory/domains.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import type { Scanner } from '../../quarantine/types.ts'
import type { Database } from '../../storage/database.ts'
import type { Mailboxes } from '../mailboxes.ts'
import { profileQueries } from '../profile-queries.ts'
import type { Profiles } from '../profiles.ts'
import { createAccessLinks } from './access-links.ts'
import { createAddressHolds } from './address-holds.ts'
import { createAgreements } from './agreements.ts'
import { createCardPayments, type CardProcessor } from './card-payments.ts'
import { createConfirmationAgain } from './confirmation-again.ts'
import { createContacts } from './contact.ts'
import { createContracts } from './contracts.ts'
import type { Vault } from './document-vault.ts'
import { createDocuments } from './documents.ts'
import { createElsewhere, type ElsewhereDeps } from './elsewhere.ts'
import { createMissingAddresses } from './missing-addresses.ts'
import { createNotices } from './notices.ts'
import { createOrders } from './orders.ts'
import { createPayments } from './payments.ts'
import { createRegisterExports } from './register-exports.ts'
import { createRequests } from './requests.ts'
import { createRolls } from './rolls.ts'
import { createSteps } from './steps.ts'
import { createTermsTexts } from './terms-texts.ts'
import { createTimers } from './timers.ts'

export interface DeskDeps extends Pick<ElsewhereDeps, 'isCertified' | 'isDelivered'> {
  readonly database: Database
  readonly domains: Pick<Domains, 'isLocal'>
  readonly mailboxes: Pick<Mailboxes, 'claim' | 'makeClaimed' | 'setPassword'>
  readonly profiles: Pick<Profiles, 'set'>
  readonly vault: Vault
  readonly scanner: Scanner
  /** without it no cards are taken */
  readonly cardProcessor?: CardProcessor | undefined
  readonly eraseContent: (mailbox: MailboxRef) => Promise<void>
  /** bytes of a mailbox where the agreement says nothing */
  readonly quota: number
  readonly report: EventSink
  readonly now: () => number
}

export function createDesk({
  database,
  domains,
  mailboxes,
  profiles,
  vault,
  scanner,
  cardProcessor,
  eraseContent,
  quota,
  isCertified,
  isDelivered,
  report,
  now,
}: DeskDeps) {
  const steps = createSteps(database, now)
  const orders = createOrders(database, now)
  const agreements = createAgreements({ database, domains, orders, now })
  const rolls = createRolls({ database, orders, now })
  const holds = createAddressHolds(database, now)
  const documents = createDocuments({ database, steps, vault, scanner })
  const termsTexts = createTermsTexts(database, now)
  const timers = createTimers({
    database,
    steps,
    agreements,
    holds,
    makeMailbox: (address, mailbox, own) => mailboxes.makeClaimed(address, mailbox, own ?? quota),
    profiles: { set: profiles.set, current: profileQueries(database).profile },
    eraseContent,
    report,
    now,
  })
  const { workNow } = timers
  const notices = createNotices(database)
  const payments = createPayments({ database, steps, workNow })
  return {
    orders,
    agreements,
    rolls,
    missingAddresses: createMissingAddresses({ database, orders, now }),
    registerExports: createRegisterExports({ database, orders, now }),
    elsewhere: createElsewhere({ database, steps, orders, rolls, isCertified, isDelivered, now }),
    documents,
    termsTexts,
    timers,
    notices,
    confirmationAgain: createConfirmationAgain(database.reader, notices, now),
    payments,
    cards: createCardPayments(payments, cardProcessor),
    accessLinks: createAccessLinks(database, steps, now),
    contacts: createContacts(database, steps, domains.isLocal),
    requests: createRequests({
      database,
      steps,
      agreements,
      rolls,
      holds,
      documents,
      termsTexts,
      isLocal: domains.isLocal,
      claim: mailboxes.claim,
      workNow,
      now,
    }),
    contracts: createContracts({ database, steps, agreements, setPassword: mailboxes.setPassword, workNow, now }),
  }
}

export type Desk = ReturnType<typeof createDesk>
