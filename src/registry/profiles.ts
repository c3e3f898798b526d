/**
 * Profiles: the state of each mailbox, what it does with ordinary mail, and where its receipts go, asked for by the points at each message. What is answered is at
 * most two seconds old, so that a change by another process (the CLI) counts soon. Called by the points and the CLI.
 */
import { domainOf } from '../base/domain-of.ts'
import { clientError } from '../base/errors.ts'
import type { Domains } from '../directory/domains.ts'
import { checkedName, STANDARD_FOLDERS } from '../mailbox/folder-names.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database } from '../storage/database.ts'
import { checkedAddress } from './address.ts'
import { profileQueries, type MailboxProfile, type OutgoingPolicy } from './profile-queries.ts'

/** What is to change; what is not named stays. A status without `statusByAgreement` is an operator's. Another incoming policy than `forward` takes the forward address away. */
export type ProfileChange = Partial<MailboxProfile>

export interface Profiles {
  /** The profile of a mailbox, at most two seconds old; one that nobody set has the defaults. */
  profileOf(mailbox: MailboxRef): Promise<MailboxProfile>
  /**
   * Changes a profile and answers the new one.
   * @throws `bad-address`, `bad-forward` if the target is missing, not wanted, or certified by this provider, `bad-folder-name`
   */
  set(mailbox: MailboxRef, change: ProfileChange): Promise<MailboxProfile>
  /** Whether a mailbox may write to ordinary addresses: its own policy, or else that of its domain, which is `allow` unless set. */
  ordinaryRecipientsAllowed(mailbox: MailboxRef, domain: string): Promise<boolean>
  /** The policy of a domain for mailboxes that have none of their own. */
  domainPolicy(domain: string): Promise<OutgoingPolicy>
  /** @throws `no-such-domain` */
  setDomainPolicy(domain: string, policy: OutgoingPolicy): Promise<void>
}

const KNOWN_FOR = 2000
const MOST_KNOWN = 50_000

export interface ProfilesDeps {
  readonly database: Database
  readonly domains: Pick<Domains, 'isLocal'>
  readonly now: () => number
}

export function createProfiles({ database, domains, now }: ProfilesDeps): Profiles {
  const queries = profileQueries(database)
  /** Oldest first; what a read finds is as old as its start. */
  const known = new Map<string, { profile: MailboxProfile; until: number }>()
  let policies: { by: Map<string, OutgoingPolicy>; until: number } | undefined

  async function profileOf(mailbox: MailboxRef): Promise<MailboxProfile> {
    const entry = known.get(mailbox.id)
    if (entry && entry.until > now()) return entry.profile
    const until = now() + KNOWN_FOR
    const profile = await queries.profile(mailbox)
    known.delete(mailbox.id)
    known.set(mailbox.id, { profile, until })
    const [oldest] = known.keys()
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest)
    return profile
  }

  async function domainPolicy(domain: string): Promise<OutgoingPolicy> {
    if (!policies || policies.until <= now()) {
      const until = now() + KNOWN_FOR
      policies = { by: await queries.domainPolicies(), until }
    }
    return policies.by.get(domain.toLowerCase()) ?? 'allow'
  }

  async function checkForward({ incomingOrdinary, forwardTo }: MailboxProfile): Promise<void> {
    if (incomingOrdinary === 'forward') {
      if (forwardTo === null) throw clientError('bad-forward', 'To forward ordinary mail, say to which address')
      // A certified mailbox would get it back in an anomaly envelope, and could send it round for ever.
      if (await domains.isLocal(domainOf(forwardTo)))
        throw clientError('bad-forward', `${forwardTo} is certified mail of this provider: forward to an ordinary address`)
    } else if (forwardTo !== null) {
      throw clientError('bad-forward', 'A forward address goes only with the policy "forward" for incoming ordinary mail')
    }
  }

  return {
    profileOf,

    async set(mailbox, change) {
      const folder = change.receiptsFolder === undefined ? undefined : receiptsFolder(change.receiptsFolder)
      const forwardTo = change.forwardTo === undefined || change.forwardTo === null ? null : checkedAddress(change.forwardTo)
      const changed = await database.transactor.transact(mailbox.slot, async (tx) => {
        const before = await queries.profileForUpdate(tx, mailbox)
        const policy = change.incomingOrdinary === undefined ? before.incomingOrdinary : change.incomingOrdinary
        const kept = policy === 'forward' && change.forwardTo === undefined ? before.forwardTo : forwardTo
        const profile = {
          ...before,
          ...change,
          ...(change.status !== undefined && { statusByAgreement: change.statusByAgreement ?? false }),
          forwardTo: kept,
          receiptsFolder: folder === undefined ? before.receiptsFolder : folder,
        }
        await checkForward(profile)
        await queries.save(tx, mailbox, profile, new Date(now()))
        return profile
      })
      known.delete(mailbox.id)
      return changed
    },

    async ordinaryRecipientsAllowed(mailbox, domain) {
      const { outgoingOrdinary } = await profileOf(mailbox)
      return (outgoingOrdinary ?? (await domainPolicy(domain))) === 'allow'
    },

    domainPolicy,

    async setDomainPolicy(name, policy) {
      const domain = name.toLowerCase()
      if (!(await domains.isLocal(domain))) throw clientError('no-such-domain', `${name} is not served here`)
      await queries.setDomainPolicy(domain, policy, new Date(now()))
      policies = undefined
    },
  }
}

/**
 * The name of a folder for receipts, null for the inbox. One level, for it is made within the step that delivers; and not where mail programs
 * throw things away or change them.
 */
function receiptsFolder(wanted: string | null): string | null {
  if (wanted === null) return null
  const name = checkedName(wanted)
  if (name === 'INBOX') return null
  if (name.includes('/')) throw clientError('bad-folder-name', 'The folder for receipts must not lie in another')
  const use = STANDARD_FOLDERS.find((folder) => folder.name === name)?.specialUse
  if (use && use !== '\\Archive') throw clientError('bad-folder-name', `"${name}" is not for receipts: name another folder`)
  return name
}
