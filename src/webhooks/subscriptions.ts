/**
 * Subscriptions: who wants to hear of what, and where. Each change is in the audit log. A secret is shown once, when it is made; it is kept
 * encrypted, for it signs what is sent.
 */
import { writeAudit, type Actor } from '../audit/audit.ts'
import { clientError } from '../base/errors.ts'
import { isUuid, uuidv7 } from '../base/ids.ts'
import type { Database } from '../storage/database.ts'
import type { SecretBox } from '../registry/operators/secret-box.ts'
import { SUBSCRIBABLE } from './event-kinds.ts'
import type { Bound } from './events.ts'
import { subscriptionReads, subscriptionWrites as writes, type PausedBecause, type SubscriptionRow } from './queries.ts'
import { newSecret, writtenSecret } from './signature.ts'

/** Whose webhooks somebody may see and change: all, or those of an order or a mailbox. */
export interface Owner {
  readonly bound: Bound
  /** code of the order, address of the mailbox; empty: the provider */
  readonly name: string
}

export interface Subscription extends Owner {
  readonly id: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly state: 'active' | 'paused'
  readonly pausedBecause: PausedBecause | null
  readonly pausedAt: Date | null
  readonly createdAt: Date
  /** until when the secret before signs too; null: it does not */
  readonly oldSecretUntil: Date | null
}

export interface Subscriptions {
  /** @throws `bad-webhook-url`, `bad-webhook-kinds`, `too-many-webhooks`; of whose it is: `no-such-order`, `no-such-mailbox` */
  add(wanted: Owner & { url: string; kinds: readonly string[] }, by: Actor): Promise<Subscription & { secret: string }>
  list(): Promise<Subscription[]>
  /** @throws `no-such-webhook` */
  get(id: string): Promise<Subscription>
  /** Events are gathered meanwhile. Answers whether it was active. @throws `no-such-webhook` */
  pause(id: string, by: Actor, because?: PausedBecause): Promise<boolean>
  /** Answers whether it was paused. @throws `no-such-webhook` */
  resume(id: string, by: Actor): Promise<boolean>
  /** A new secret; the one before signs too, for a day. @throws `no-such-webhook` */
  changeSecret(id: string, by: Actor): Promise<{ secret: string; oldSecretUntil: Date }>
  /** @throws `no-such-webhook` */
  remove(id: string, by: Actor): Promise<void>
  /** Entries about what was done with its events. @throws `no-such-webhook` */
  recordReplay(id: string, by: Actor, events: number): Promise<void>
  recordSkip(id: string, by: Actor, event: string): Promise<void>
}

export interface SubscriptionsDeps {
  readonly database: Database
  readonly box: () => SecretBox
  /** @throws `no-such-order`, `no-such-mailbox` */
  readonly checkOwner: (owner: Owner) => Promise<void>
  readonly now: () => number
}

const MOST_OF_ONE = 20
const LONGEST_URL = 2000
const OLD_SECRET_MS = 24 * 3_600_000
const ownerText = ({ bound, boundName }: Pick<SubscriptionRow, 'bound' | 'boundName'>): string =>
  bound === 'provider' ? bound : `${bound}:${boundName}`

const purposeOf = (id: string): string => `webhook ${id}`

const shown = ({
  id,
  url,
  kinds,
  bound,
  boundName,
  pausedAt,
  pausedBecause,
  createdAt,
  oldUntil,
}: SubscriptionRow): Subscription => ({
  id,
  url,
  kinds,
  bound,
  name: boundName,
  state: pausedAt === null ? 'active' : 'paused',
  pausedBecause,
  pausedAt,
  createdAt,
  oldSecretUntil: oldUntil,
})

/** The secrets that sign at a time, the newest first. */
export function secretsOf({ id, secret, oldSecret, oldUntil }: SubscriptionRow, box: SecretBox, at: number): Buffer[] {
  const isOldGood = oldSecret !== null && oldUntil !== null && oldUntil.getTime() > at
  return (isOldGood ? [secret, oldSecret] : [secret]).map((sealed) => box.open(sealed, purposeOf(id)))
}

/** @throws `bad-webhook-url` */
function checkedUrl(text: string): URL {
  const url = text.length <= LONGEST_URL ? URL.parse(text) : null
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.hash !== '')
    throw clientError('bad-webhook-url', 'A webhook needs an address such as https://example.it/path, without a user name')
  return url
}

/** @throws `bad-webhook-kinds` */
function checkedKinds(wanted: readonly string[]): string[] {
  const kinds = SUBSCRIBABLE.filter((kind) => wanted.includes(kind))
  const unknown = wanted.find((one) => !SUBSCRIBABLE.some((kind) => kind === one))
  if (kinds.length === 0 || unknown !== undefined)
    throw clientError('bad-webhook-kinds', `"${unknown ?? ''}" is no kind of event; there are: ${SUBSCRIBABLE.join(', ')}`)
  return kinds
}

export function createSubscriptions({ database, box, checkOwner, now }: SubscriptionsDeps): Subscriptions {
  const reads = subscriptionReads(database)
  const { reference } = database.transactor

  async function row(id: string): Promise<SubscriptionRow> {
    const found = isUuid(id) ? await reads.find(id) : undefined
    if (!found) throw clientError('no-such-webhook', `There is no webhook ${id}: see "ceralacca webhook list"`)
    return found
  }

  const about = (of: SubscriptionRow, by: Actor) => {
    const holders = of.bound === 'mailbox' ? [of.boundName] : []
    return { ...by, object: `webhook:${of.id}`, holders, at: now() }
  }

  async function setPaused(id: string, because: PausedBecause | null, by: Actor): Promise<boolean> {
    const found = await row(id)
    const owner = ownerText(found)
    const at = because === null ? null : new Date(now())
    return reference(async (tx) => {
      if (!(await writes.setPaused(tx, id, at, because))) return false
      if (because === null) await writeAudit(tx, { ...about(found, by), act: 'webhook-resumed', details: { owner } })
      else await writeAudit(tx, { ...about(found, by), act: 'webhook-paused', details: { owner, because } })
      return true
    })
  }

  return {
    async add({ bound, name, url: text, kinds: wanted }, by) {
      const url = checkedUrl(text)
      const kinds = checkedKinds(wanted)
      const boundName = bound === 'mailbox' ? name.toLowerCase() : name
      await checkOwner({ bound, name: boundName })
      const id = uuidv7(now())
      const secret = newSecret()
      const made: SubscriptionRow = {
        id,
        url: url.href,
        kinds,
        bound,
        boundName,
        secret: box().seal(secret, purposeOf(id)),
        oldSecret: null,
        oldUntil: null,
        pausedAt: null,
        pausedBecause: null,
        createdAt: new Date(now()),
        createdBy: by.actor,
      }
      await reference(async (tx) => {
        if ((await writes.countOf(tx, bound, boundName)) >= MOST_OF_ONE)
          throw clientError('too-many-webhooks', `There are ${MOST_OF_ONE} webhooks of one owner at most: remove one`)
        await writes.insert(tx, made)
        const details = { owner: ownerText(made), host: url.host, kinds }
        await writeAudit(tx, { ...about(made, by), act: 'webhook-added', details })
      })
      return { ...shown(made), secret: writtenSecret(secret) }
    },

    list: async () => (await reads.all()).map(shown),
    get: async (id) => shown(await row(id)),
    pause: (id, by, because = 'owner') => setPaused(id, because, by),
    resume: (id, by) => setPaused(id, null, by),

    async changeSecret(id, by) {
      const found = await row(id)
      const secret = newSecret()
      const oldSecretUntil = new Date(now() + OLD_SECRET_MS)
      await reference(async (tx) => {
        await writes.setSecret(tx, id, box().seal(secret, purposeOf(id)), oldSecretUntil)
        await writeAudit(tx, { ...about(found, by), act: 'webhook-secret-changed', details: { owner: ownerText(found) } })
      })
      return { secret: writtenSecret(secret), oldSecretUntil }
    },

    async remove(id, by) {
      const found = await row(id)
      await reference(async (tx) => {
        await writes.remove(tx, id)
        await writeAudit(tx, { ...about(found, by), act: 'webhook-removed', details: { owner: ownerText(found) } })
      })
    },

    async recordReplay(id, by, events) {
      const found = await row(id)
      const details = { owner: ownerText(found), events }
      await reference((tx) => writeAudit(tx, { ...about(found, by), act: 'webhook-replayed', details }))
    },

    async recordSkip(id, by, event) {
      const found = await row(id)
      const details = { owner: ownerText(found), event }
      await reference((tx) => writeAudit(tx, { ...about(found, by), act: 'webhook-event-skipped', details }))
    },
  }
}
