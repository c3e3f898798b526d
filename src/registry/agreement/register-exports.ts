/**
 * What is sent to the public register for an order: files that are numbered and kept as they were made. One is open at a time: until it is
 * confirmed it is given again byte for byte. The next one begins at the fact at which it ended, and says again what was rejected.
 *
 * What the register has of a member is what the last line says that it has not rejected; what it is to have, the last fact of the member's
 * (address-facts.ts). A line is what lies between.
 */
import { createHash } from 'node:crypto'
import { writeAudit, type Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import type { Database, Transaction } from '../../storage/database.ts'
import { roleOf } from './actor.ts'
import { slotOfOrder, type Orders } from './orders.ts'
import { FIRST_LINE, lineFor, OPERATIONS, registerFile, type RegisterRow, type Rejection } from './register-file.ts'

/** What was sent: the receipt of an export. */
export interface RegisterExport {
  /** counts from 1 for each order */
  readonly number: number
  /** facts behind the first and up to the second are told by it */
  readonly afterFact: number
  readonly toFact: number
  readonly lines: number
  readonly rejected: number
  readonly bytes: number
  readonly sha256: string
  readonly madeAt: Date
  readonly madeBy: string
  /** null: whether it arrived is not known */
  readonly confirmedAt: Date | null
  readonly confirmedBy: string | null
}

export interface RegisterExports {
  /**
   * A file with all that has changed since the last one; or the last one again, as long as it is not confirmed.
   * @throws `no-such-order`, `not-yours`, `nothing-to-export`
   */
  next(order: string, actor: Actor): Promise<{ receipt: RegisterExport; file: Buffer; again: boolean }>
  /**
   * The register has taken the file, but for these lines; they are said again with the next one.
   * @param rejected `all`, or lines of the file
   * @throws `no-such-order`, `no-such-export`, `not-yours`, `export-confirmed`, `no-such-line`
   */
  confirm(order: string, number: number, rejected: readonly Rejection[] | { all: string }, actor: Actor): Promise<RegisterExport>
  /** @throws `no-such-order`, `no-such-export` */
  get(order: string, number: number): Promise<{ receipt: RegisterExport; file: Buffer }>
  /** The last one first. @throws `no-such-order` */
  list(order: string, page?: { before?: number | null; limit?: number }): Promise<RegisterExport[]>
  /** The lines of one that were rejected. */
  rejections(order: string, number: number): Promise<(Rejection & { taxCode: string })[]>
}

const RECEIPT = `e.number, e.after_fact as "afterFact", e.to_fact as "toFact", e.lines, octet_length(e.bytes) as bytes,
  encode(e.sha256, 'hex') as sha256, e.made_at as "madeAt", e.made_by as "madeBy", e.confirmed_at as "confirmedAt",
  e.confirmed_by as "confirmedBy", (select count(*) from register_line l where l.slot = e.slot and l.order_code = e.order_code
    and l.export = e.number and l.rejected is not null) as rejected`

const ROW = (
  from: string,
): string => `${from}.tax_code as "taxCode", ${from}.registered, ${from}.surname, ${from}.given_name as "givenName",
  ${from}.register_number as "registerNumber", ${from}.registered_on as "registeredOn", ${from}.struck_off_on as "struckOffOn"`

/** Members of whom there are facts since the last export, or whose line in it was rejected. */
const TOUCHED = `select tax_code from address_fact where slot = $1 and order_code = $2 and number > $3
  union select tax_code from register_line where slot = $1 and order_code = $2 and export = $4 and rejected is not null`

interface Last {
  readonly number: number
  readonly toFact: number
  readonly isOpen: boolean
}

export interface RegisterExportsDeps {
  readonly database: Database
  readonly orders: Pick<Orders, 'get'>
  readonly now: () => number
}

export function createRegisterExports({ database: { reader, transactor }, orders, now }: RegisterExportsDeps): RegisterExports {
  async function mayExport(order: string, actor: Actor): Promise<number> {
    const role = roleOf(actor)
    if (role !== 'operator' && role !== 'order')
      throw clientError('not-yours', 'An operator or the order itself tells the register')
    await orders.get(order)
    return slotOfOrder(order)
  }

  /** Locks the order's history; answers how many facts there are, and the last export. */
  async function lockHistory(tx: Transaction, order: string): Promise<{ facts: number; last: Last }> {
    const key = [tx.slot, order]
    const [history] = await tx.query<{ facts: number; exports: number }>(
      'select facts, exports from address_history where slot = $1 and order_code = $2 for update',
      key,
    )
    const [last = { number: 0, toFact: 0, isOpen: false }] = await tx.query<Last>(
      `select number, to_fact as "toFact", confirmed_at is null as "isOpen" from register_export
       where slot = $1 and order_code = $2 order by number desc limit 1`,
      key,
    )
    return { facts: history?.facts ?? 0, last }
  }

  async function make(tx: Transaction, order: string, facts: number, last: Last, actor: Actor): Promise<void> {
    const scope = [tx.slot, order, last.toFact, last.number]
    const after = await tx.query<RegisterRow & { fact: number }>(
      `select distinct on (f.tax_code) f.number as fact, ${ROW('f')} from (${TOUCHED}) t
       join address_fact f on f.slot = $1 and f.order_code = $2 and f.tax_code = t.tax_code order by f.tax_code, f.number desc`,
      scope,
    )
    const before = await tx.query<RegisterRow>(
      `select distinct on (l.tax_code) ${ROW('f')} from (${TOUCHED}) t
       join register_line l on l.slot = $1 and l.order_code = $2 and l.tax_code = t.tax_code and l.rejected is null
       cross join lateral (select * from address_fact where slot = $1 and order_code = $2 and number = l.fact offset 0) f
       order by l.tax_code, l.export desc`,
      scope,
    )
    const known = new Map(before.map((row) => [row.taxCode, row]))
    const lines = after.flatMap((row) => {
      const line = lineFor(known.get(row.taxCode), row)
      return line ? [{ ...line, fact: row.fact }] : []
    })
    if (lines.length === 0)
      throw clientError('nothing-to-export', `Nothing has changed for the register since export ${last.number} of ${order}`)
    const number = last.number + 1
    const bytes = registerFile(lines)
    const sha256 = createHash('sha256').update(bytes).digest()
    await tx.query(
      `insert into register_export (slot, order_code, number, after_fact, to_fact, lines, bytes, sha256, made_at, made_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [tx.slot, order, number, last.toFact, facts, lines.length, bytes, sha256, new Date(now()), actor.actor],
    )
    await tx.query(
      `insert into register_line (slot, order_code, export, line, tax_code, operation, address, fact)
       select $1, $2, $3, $8 + place - 1, tax_code, operation, address, fact
       from unnest($4::text[], $5::integer[], $6::text[], $7::integer[]) with ordinality as l (tax_code, operation, address, fact, place)`,
      [
        tx.slot,
        order,
        number,
        lines.map(({ taxCode }) => taxCode),
        lines.map(({ operation }) => OPERATIONS[operation]),
        lines.map(({ address }) => address),
        lines.map(({ fact }) => fact),
        FIRST_LINE,
      ],
    )
    await tx.query('update address_history set exports = $3 where slot = $1 and order_code = $2', [tx.slot, order, number])
  }

  async function read(query: Transaction['query'], slot: number, order: string, number: number) {
    const [row] = await query<RegisterExport & { file: Buffer }>(
      `select ${RECEIPT}, e.bytes as file from register_export e where e.slot = $1 and e.order_code = $2 and e.number = $3`,
      [slot, order, number],
    )
    if (!row)
      throw clientError('no-such-export', `There is no export ${number} of ${order}: see "ceralacca register list ${order}"`)
    const { file, ...receipt } = row
    return { receipt, file }
  }

  return {
    async next(order, actor) {
      const slot = await mayExport(order, actor)
      return transactor.transact(slot, async (tx) => {
        const { facts, last } = await lockHistory(tx, order)
        if (!last.isOpen) await make(tx, order, facts, last, actor)
        const made = await read(tx.query, slot, order, last.isOpen ? last.number : last.number + 1)
        const { number, lines, sha256 } = made.receipt
        const details = { number, lines, sha256, again: last.isOpen }
        await writeAudit(tx, { ...actor, act: 'register-exported', object: `order:${order}`, details, at: now() })
        return { ...made, again: last.isOpen }
      })
    },

    async confirm(order, number, rejected, actor) {
      const slot = await mayExport(order, actor)
      return transactor.transact(slot, async (tx) => {
        await lockHistory(tx, order)
        const { receipt } = await read(tx.query, slot, order, number)
        if (receipt.confirmedAt)
          throw clientError('export-confirmed', `The export ${number} was confirmed at ${receipt.confirmedAt.toISOString()}`)
        await reject(tx, order, number, rejected)
        await tx.query(
          'update register_export set confirmed_at = $4, confirmed_by = $5 where slot = $1 and order_code = $2 and number = $3',
          [slot, order, number, new Date(now()), actor.actor],
        )
        const confirmed = (await read(tx.query, slot, order, number)).receipt
        const details = { number, rejected: confirmed.rejected }
        await writeAudit(tx, { ...actor, act: 'register-confirmed', object: `order:${order}`, details, at: now() })
        return confirmed
      })
    },

    async get(order, number) {
      await orders.get(order)
      return read(reader.read, slotOfOrder(order), order, number)
    },

    async list(order, { before = null, limit = 100 } = {}) {
      await orders.get(order)
      return reader.read<RegisterExport>(
        `select ${RECEIPT} from register_export e where e.slot = $1 and e.order_code = $2 and ($3::integer is null or e.number < $3)
         order by e.number desc limit $4`,
        [slotOfOrder(order), order, before, limit],
      )
    },

    rejections: (order, number) =>
      reader.read(
        `select line, rejected as why, tax_code as "taxCode" from register_line
         where slot = $1 and order_code = $2 and export = $3 and rejected is not null order by line`,
        [slotOfOrder(order), order, number],
      ),
  }
}

async function reject(
  tx: Transaction,
  order: string,
  number: number,
  rejected: readonly Rejection[] | { all: string },
): Promise<void> {
  if ('all' in rejected) {
    await tx.query('update register_line set rejected = $4 where slot = $1 and order_code = $2 and export = $3', [
      tx.slot,
      order,
      number,
      rejected.all,
    ])
    return
  }
  const noted = await tx.query<{ line: number }>(
    `update register_line l set rejected = r.why from unnest($4::integer[], $5::text[]) as r (line, why)
     where l.slot = $1 and l.order_code = $2 and l.export = $3 and l.line = r.line returning l.line`,
    [tx.slot, order, number, rejected.map(({ line }) => line), rejected.map(({ why }) => why)],
  )
  const known = new Set(noted.map(({ line }) => line))
  const missing = rejected.find(({ line }) => !known.has(line))
  if (missing) throw clientError('no-such-line', `The export ${number} has no line ${missing.line}: nothing is noted`)
}
