/** Requests, contracts and renewals as rows, with whom notices about them go to. SQL of reading them, locked or not. */
import { clientError } from '../../base/errors.ts'
import { isUuid } from '../../base/ids.ts'
import type { Reader, Transaction } from '../../storage/database.ts'
import { slotOfOrder } from './orders.ts'
import type { STATES, Subject } from './states.ts'

/** What all three have. */
interface Common<S extends Subject> {
  readonly kind: S
  readonly slot: number
  readonly id: string
  readonly order: string
  readonly agreement: string
  readonly state: (typeof STATES)[S][number]
  readonly stateAt: Date
  readonly taxCode: string
  readonly surname: string
  readonly givenName: string
  /** the ordinary address of the person; empty once it is erased */
  readonly email: string
  readonly orderName: string
  readonly orderEmail: string | null
  /** in which the person is written to */
  readonly language: 'it' | 'en'
  /** the certified address */
  readonly address: string
  readonly mailboxSlot: number
  readonly mailbox: string
  readonly reason: string | null
}

export interface RequestRow extends Common<'request'> {
  readonly phone: string
  readonly years: number
  readonly termsVersion: string
  /** the text that was accepted, by language and SHA-256; null: none of the version was stored then */
  readonly termsLanguage: string | null
  readonly termsSha256: string | null
  readonly emailConfirmedAt: Date | null
  readonly createdAt: Date
  readonly erasedAt: Date | null
}

export interface ContractRow extends Common<'contract'> {
  readonly holder: string
  readonly cause: string | null
  readonly startsOn: string
  readonly expiresOn: string
  readonly deleteOn: string | null
  readonly contentDeletedAt: Date | null
}

export interface RenewalRow extends Common<'renewal'> {
  readonly contract: string
  readonly years: number
  readonly lateAccepted: boolean
  readonly contractState: ContractRow['state']
  readonly contractExpiresOn: string
}

export interface Rows {
  readonly request: RequestRow
  readonly contract: ContractRow
  readonly renewal: RenewalRow
}

const SELECT: Readonly<Record<Subject, string>> = {
  request: `select 'request' as kind, s.slot, s.id, s.order_code as "order", s.agreement, s.state, s.state_at as "stateAt",
      s.tax_code as "taxCode", s.surname, s.given_name as "givenName", s.email, s.language,
      o.name as "orderName", o.email as "orderEmail", s.address,
      s.mailbox_slot as "mailboxSlot", s.mailbox, s.reason, s.phone, s.years, s.terms_version as "termsVersion",
      s.terms_language as "termsLanguage", encode(s.terms_sha256, 'hex') as "termsSha256",
      s.email_confirmed_at as "emailConfirmedAt", s.created_at as "createdAt", s.erased_at as "erasedAt"
    from request s join professional_order o on o.code = s.order_code`,
  contract: `select 'contract' as kind, s.slot, s.id, s.order_code as "order", s.agreement, s.state, s.state_at as "stateAt",
      h.tax_code as "taxCode", h.surname, h.given_name as "givenName", h.email, h.language,
      o.name as "orderName", o.email as "orderEmail", s.address,
      s.mailbox_slot as "mailboxSlot", s.mailbox, s.reason, s.holder, s.cause, s.starts_on as "startsOn", s.expires_on as "expiresOn",
      s.delete_on as "deleteOn", s.content_deleted_at as "contentDeletedAt"
    from contract s join holder h on h.slot = s.slot and h.id = s.holder join professional_order o on o.code = s.order_code`,
  renewal: `select 'renewal' as kind, s.slot, s.id, c.order_code as "order", c.agreement, s.state, s.state_at as "stateAt",
      h.tax_code as "taxCode", h.surname, h.given_name as "givenName", h.email, h.language,
      o.name as "orderName", o.email as "orderEmail", c.address,
      c.mailbox_slot as "mailboxSlot", c.mailbox, s.reason, s.contract, s.years, s.late_accepted as "lateAccepted",
      c.state as "contractState", c.expires_on as "contractExpiresOn"
    from renewal s join contract c on c.slot = s.slot and c.id = s.contract
      join holder h on h.slot = c.slot and h.id = c.holder join professional_order o on o.code = c.order_code`,
}

const missing = (kind: Subject, id: string) => clientError(`no-such-${kind}`, `There is no ${kind} ${id}`)

/** One by its id, wherever it lies. @throws `no-such-request`, `no-such-contract`, `no-such-renewal` */
export async function find<S extends Subject>(reader: Reader, kind: S, id: string): Promise<Rows[S]> {
  const [row] = isUuid(id) ? await reader.read<Rows[S]>(`${SELECT[kind]} where s.id = $1`, [id]) : []
  if (!row) throw missing(kind, id)
  return row
}

/** The same of a slot, locked until the transaction ends; of a renewal its contract is locked first. */
export async function lock<S extends Subject>(tx: Transaction, kind: S, id: string): Promise<Rows[S]> {
  if (kind === 'renewal')
    await tx.query(
      `select 1 from contract where slot = $1 and id = (select contract from renewal where slot = $1 and id = $2) for update`,
      [tx.slot, id],
    )
  const [row] = await tx.query<Rows[S]>(`${SELECT[kind]} where s.slot = $1 and s.id = $2 for update of s`, [tx.slot, id])
  if (!row) throw missing(kind, id)
  return row
}

/** Those of an order, or of all (null), by id, page by page. */
export function list<S extends Subject>(
  reader: Reader,
  kind: S,
  order: string | null,
  { state, after, limit }: { state: string | null; after: string | null; limit: number },
): Promise<Rows[S][]> {
  const ofOrder = order === null ? '' : 'and s.slot = $4 and o.code = $5'
  return reader.read<Rows[S]>(
    `${SELECT[kind]} where ($1::text is null or s.state = $1) and ($2::uuid is null or s.id > $2) ${ofOrder} order by s.id limit $3`,
    [state, after, limit, ...(order === null ? [] : [slotOfOrder(order), order])],
  )
}

/** Living contracts of an order that expire until a day, the first one first. */
export function expiries(
  reader: Reader,
  order: string,
  { until, after, limit }: { until: string; after: readonly string[] | null; limit: number },
): Promise<ContractRow[]> {
  const [day = '-infinity', id = '00000000-0000-0000-0000-000000000000'] = after ?? []
  return reader.read<ContractRow>(
    `${SELECT.contract} where s.slot = $1 and s.order_code = $2 and s.expires_on <= $3 and (s.expires_on, s.id) > ($4::date, $5::uuid)
       and s.state in ('active', 'expiring', 'suspended') order by s.expires_on, s.id limit $6`,
    [slotOfOrder(order), order, until, day, id, limit],
  )
}

/** The contract of an address, the last one if there were several. */
export async function contractOf(reader: Reader, address: string): Promise<ContractRow> {
  const [row] = await reader.read<ContractRow>(`${SELECT.contract} where s.address = $1 order by s.id desc limit 1`, [
    address.toLowerCase(),
  ])
  if (!row) throw clientError('no-such-contract', `No member has the address ${address} by an agreement`)
  return row
}

/** Whose requests or contracts are, by id: their order, and the certified address. Those that nobody knows are left out. */
export async function ownersOf(
  reader: Reader,
  kind: 'request' | 'contract',
  ids: readonly string[],
): Promise<Map<string, { order: string; address: string }>> {
  const rows = await reader.read<{ id: string; order: string; address: string }>(
    `select id, order_code as "order", address from ${kind} where id = any ($1::uuid[])`,
    [ids],
  )
  return new Map(rows.map(({ id, order, address }) => [id, { order, address }]))
}

/** The order by whose agreement each of some addresses is given, if it is one of those orders. */
export async function ordersOf(
  reader: Reader,
  addresses: readonly string[],
  orders: readonly string[],
): Promise<Map<string, string>> {
  const rows = await reader.read<{ address: string; order: string }>(
    `select address, order_code as "order" from contract where slot = any ($1::integer[]) and address = any ($2) and order_code = any ($3)`,
    [orders.map(slotOfOrder), addresses, orders],
  )
  return new Map(rows.map(({ address, order }) => [address, order]))
}
