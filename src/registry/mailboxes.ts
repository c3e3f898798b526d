/** The registry of mailboxes: making them, finding them by address, their passwords. Called by the CLI and, through `find`, by the points. */
import { domainOf } from '../base/domain-of.ts'
import { clientError } from '../base/errors.ts'
import { slotOf, uuidv7 } from '../base/ids.ts'
import type { Domains } from '../directory/domains.ts'
import { insertFolders, insertMailbox } from '../mailbox/folder-queries.ts'
import { STANDARD_FOLDERS } from '../mailbox/folder-names.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database } from '../storage/database.ts'
import { canonicalAddress, checkedAddress } from './address.ts'
import type { StoredPassword } from './login-queries.ts'
import { hashPassword } from './passwords.ts'
import type { MailboxSummary, RegistryQueries } from './queries.ts'
import { createScramMaker } from './scram-maker.ts'

export interface Mailboxes {
  /** @throws `bad-address`, `no-such-domain`, `address-taken`, `weak-password` */
  create(address: string, password: string, quota: number): Promise<MailboxSummary>
  /** Makes a mailbox that nobody can log in to until it is given a password, unless it is there. @throws `bad-address`, `no-such-domain` */
  ensureUnattended(address: string, quota: number): Promise<void>
  /** Claims an address for a mailbox that is to be made; answers false if it was given to another. @throws `bad-address`, `no-such-domain` */
  claim(address: string, mailbox: MailboxRef): Promise<boolean>
  /** Makes the mailbox of a claimed address, without a password, unless it is there. */
  makeClaimed(address: string, mailbox: MailboxRef, quota: number): Promise<void>
  /** The mailbox of an address in any case, or undefined. */
  find(address: string): Promise<MailboxRef | undefined>
  list(domain?: string): Promise<MailboxSummary[]>
  /** @throws `no-such-mailbox` */
  show(address: string): Promise<MailboxSummary>
  /** In bytes; what is in the mailbox stays there, also where it is more. @throws `no-such-mailbox` */
  setQuota(address: string, quota: number): Promise<void>
  /** @throws `no-such-mailbox`, `weak-password` */
  setPassword(address: string, password: string): Promise<void>
}

/** Receipts may fill this much beyond the quota (I10): a tenth of it, but at least 50 MB. */
const reserveFor = (quota: number): number => Math.max(Math.floor(quota / 10), 50_000_000)

/** Addresses found lately; an address never moves to another mailbox, so what was found stays true. */
const MOST_REMEMBERED = 100_000

export interface MailboxesDeps {
  readonly database: Database
  readonly queries: RegistryQueries
  readonly domains: Pick<Domains, 'isLocal'>
  readonly now: () => number
}

export function createMailboxes({ database, queries, domains, now }: MailboxesDeps): Mailboxes {
  const found = new Map<string, MailboxRef>()
  const scramMaker = createScramMaker({ queries, now })

  async function storedPassword(address: string, password: string): Promise<StoredPassword> {
    return { hash: await hashPassword(password), scram: await scramMaker.make(address, password) }
  }

  async function find(wanted: string): Promise<MailboxRef | undefined> {
    const address = canonicalAddress(wanted)
    const known = found.get(address)
    if (known) return known
    const mailbox = await queries.find(address)
    // Until its row stands, the mailbox is being made and takes no mail.
    if (!mailbox || !(await queries.summary(mailbox))) return undefined
    if (found.size >= MOST_REMEMBERED) found.clear()
    found.set(address, mailbox)
    return mailbox
  }

  async function existing(address: string): Promise<MailboxRef> {
    const mailbox = await find(address)
    if (!mailbox) throw clientError('no-such-mailbox', `There is no mailbox ${address}; see "ceralacca mailbox list"`)
    return mailbox
  }

  async function show(address: string): Promise<MailboxSummary> {
    const summary = await queries.summary(await existing(address))
    if (!summary) throw clientError('no-such-mailbox', `There is no mailbox ${address}`)
    return summary
  }

  async function servedAddress(wanted: string): Promise<string> {
    const address = checkedAddress(wanted)
    const domain = domainOf(address)
    if (await domains.isLocal(domain)) return address
    throw clientError('no-such-domain', `${domain} is not served here: add it with "ceralacca domain add ${domain}"`)
  }

  /**
   * Two slots, two transactions: claim the address, then make the mailbox. A claim left by a crash is completed the next time.
   * Answers false if the mailbox is there already.
   */
  async function make(address: string, quota: number, password: StoredPassword | null): Promise<boolean> {
    const id = uuidv7(now())
    await queries.claim(address, { slot: slotOf(id), id }, new Date(now()))
    const mailbox = (await queries.find(address)) ?? { slot: slotOf(id), id }
    return fill(mailbox, address, quota, password)
  }

  const fill = (mailbox: MailboxRef, address: string, quota: number, password: StoredPassword | null): Promise<boolean> =>
    database.transactor.transact(mailbox.slot, async (tx) => {
      if (!(await insertMailbox(tx, mailbox, address, { quota, reserve: reserveFor(quota), now: now() }))) return false
      await insertFolders(tx, mailbox, STANDARD_FOLDERS, now())
      if (password !== null) await queries.setPassword(tx, mailbox, password, new Date(now()))
      return true
    })

  return {
    find,

    async create(wanted, password, quota) {
      const address = await servedAddress(wanted)
      if (!(await make(address, quota, await storedPassword(address, password)))) {
        throw clientError('address-taken', `The address ${address} is given already`)
      }
      return show(address)
    },

    async ensureUnattended(wanted, quota) {
      if (await find(wanted)) return
      await make(await servedAddress(wanted), quota, null)
    },

    async claim(wanted, mailbox) {
      const address = await servedAddress(wanted)
      await queries.claim(address, mailbox, new Date(now()))
      return (await queries.find(address))?.id === mailbox.id
    },

    async makeClaimed(address, mailbox, quota) {
      await fill(mailbox, address, quota, null)
    },

    list: (domain) => queries.list(domain),

    show,

    setQuota: async (address, quota) => queries.setQuota(await existing(address), quota, reserveFor(quota)),

    async setPassword(address, password) {
      const mailbox = await existing(address)
      const stored = await storedPassword(canonicalAddress(address), password)
      await database.transactor.transact(mailbox.slot, (tx) => queries.setPassword(tx, mailbox, stored, new Date(now())))
    },
  }
}
