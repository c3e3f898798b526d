/**
 * The rolls of the orders: imported whole or not at all, with what each import changed; listed page by page. Who is struck off loses the
 * mailbox: the import leaves a timer for each contract (timers.ts).
 */
import { writeAudit, type Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import type { Database, Transaction } from '../../storage/database.ts'
import { dayOf } from './days.ts'
import { slotOfOrder, type Orders } from './orders.ts'
import { CHANGES, rollChanges, type Change, type Changed } from './roll-changes.ts'
import { writeRollFacts } from './roll-facts.ts'
import { readRoll, type RollLine, type RollMember } from './roll-file.ts'

export type { RollLine }

export interface RollImport {
  /** the file is the whole roll: who is not in it is struck off today */
  readonly whole?: boolean
  /** only say what would change */
  readonly dryRun?: boolean
  /** let an import strike off many */
  readonly allowMany?: boolean
}

export interface RollReport {
  /** the number of this import; of a dry run the one that it would have */
  readonly version: number
  readonly lines: number
  readonly unchanged: number
  readonly changes: Readonly<Record<Change, number>>
  /** of a dry run what would change, the first hundred */
  readonly examples: readonly { readonly change: Change; readonly taxCode: string; readonly name: string }[]
  /** contracts of those who are struck off */
  readonly revoked: number
  readonly rejected: readonly RollLine[]
  readonly doubtful: readonly RollLine[]
}

/** Where a page begins: behind this member. */
export type RollCursor = readonly [surname: string, givenName: string, taxCode: string]

export interface RollPage {
  readonly members: readonly (RollMember & {
    /** the certified one, here or elsewhere */
    readonly address: string | null
  })[]
  readonly next: RollCursor | null
}

export const ROLL_FILTERS = ['all', 'on-roll', 'with-address', 'without-address'] as const
export type RollFilter = (typeof ROLL_FILTERS)[number]

const WANTED: Readonly<Record<RollFilter, string>> = {
  all: '',
  'on-roll': 'and m.struck_off_on is null',
  'with-address': 'and m.address is not null',
  'without-address': 'and m.struck_off_on is null and m.address is null',
}

export interface Rolls {
  /** @throws `no-such-order`, `bad-csv`, `bad-roll`, `many-struck-off` */
  importFile(order: string, bytes: Buffer, actor: Actor, options?: RollImport): Promise<RollReport>
  member(order: string, taxCode: string): Promise<RollMember | undefined>
  /**
   * By surname, given name, tax code.
   * @param page.only `on-roll`: without those struck off; `without-address`: those of them who have none here
   * @param page.search a codice fiscale, or how surname and name begin
   */
  list(order: string, page: { after?: RollCursor | null; limit: number; only?: RollFilter; search?: string }): Promise<RollPage>
  /** What the roll said of a member before each import that changed it, the first one first. */
  history(order: string, taxCode: string): Promise<{ version: number; change: Change; before: RollMember | null; at: Date }[]>
}

/** The columns of `member m`, under the names of RollMember. */
export const MEMBER_COLUMNS = `m.tax_code as "taxCode", m.surname, m.given_name as "givenName", m.register_number as "registerNumber",
  m.registered_on as "registeredOn", m.struck_off_on as "struckOffOn"`

/** Rows of one statement. */
const AT_ONCE = 5000
const EXAMPLES = 100
/** More than so many, and more than a tenth of the roll, is rather a wrong file. */
const MANY = 20

const TAX_CODE = /^[A-Z0-9]{16}$/

/**
 * The members among whom a search looks, whose parameters begin with a number. A name that begins so is a range of an index; `offset 0` keeps the
 * planner from walking the whole roll in the order of the list instead.
 */
function searched(search: string, first: number): { members: string; params: string[] } {
  const text = search.trim().replaceAll(/\s+/g, ' ').toUpperCase()
  if (text === '') return { members: 'member', params: [] }
  const some = (condition: string): string =>
    `(select * from member where slot = $1 and order_code = $2 and ${condition} offset 0)`
  if (TAX_CODE.test(text) && /\d/.test(text)) return { members: some(`tax_code = $${first}`), params: [text] }
  const name = `(upper(surname || ' ' || given_name)) collate "C"`
  return { members: some(`${name} >= $${first} and ${name} < $${first + 1}`), params: [text, `${text}\u{10ffff}`] }
}

export interface RollsDeps {
  readonly database: Database
  readonly orders: Pick<Orders, 'get'>
  readonly now: () => number
}

export function createRolls({ database: { reader, transactor }, orders, now }: RollsDeps): Rolls {
  /** Locks the roll, so that two imports go one after the other. */
  async function lockRoll(tx: Transaction, slot: number, order: string): Promise<number> {
    await tx.query(
      `insert into roll (slot, order_code, version, imported_at) values ($1, $2, 0, $3) on conflict (slot, order_code) do nothing`,
      [slot, order, new Date(now())],
    )
    const [row] = await tx.query<{ version: number }>('select version from roll where slot = $1 and order_code = $2 for update', [
      slot,
      order,
    ])
    return row?.version ?? 0
  }

  async function save(tx: Transaction, slot: number, order: string, version: number, changes: readonly Changed[]): Promise<void> {
    const at = new Date(now())
    for (let from = 0; from < changes.length; from += AT_ONCE) {
      const some = changes.slice(from, from + AT_ONCE)
      const members = some.map(({ member }) => member)
      await tx.query(
        `insert into member as m (slot, order_code, tax_code, surname, given_name, register_number, registered_on, struck_off_on, changed_at,
           without_since)
         select $1, $2, c, s, g, n, r, o, $9, $9 from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::date[])
           as all_of (c, s, g, n, r, o)
         on conflict (slot, order_code, tax_code) do update set surname = excluded.surname, given_name = excluded.given_name,
           register_number = excluded.register_number, registered_on = excluded.registered_on,
           struck_off_on = excluded.struck_off_on, changed_at = excluded.changed_at`,
        [
          slot,
          order,
          members.map((one) => one.taxCode),
          members.map((one) => one.surname),
          members.map((one) => one.givenName),
          members.map((one) => one.registerNumber),
          members.map((one) => one.registeredOn),
          members.map((one) => one.struckOffOn),
          at,
        ],
      )
      await tx.query(
        `insert into member_history (slot, order_code, tax_code, version, change, before, at)
         select $1, $2, c, $6, k, b, $7 from unnest($3::text[], $4::text[], $5::jsonb[]) as all_of (c, k, b)`,
        [
          slot,
          order,
          members.map((one) => one.taxCode),
          some.map(({ change }) => change),
          some.map(({ before }) => before && JSON.stringify(before)),
          version,
          at,
        ],
      )
    }
    await tx.query('update roll set version = $3, imported_at = $4 where slot = $1 and order_code = $2', [
      slot,
      order,
      version,
      at,
    ])
  }

  /** A timer for each living contract of these, due now. Answers how many. */
  async function revoke(tx: Transaction, slot: number, order: string, taxCodes: readonly string[]): Promise<number> {
    const rows = await tx.query(
      `insert into agreement_timer (slot, subject, kind, due_at, attempts)
       select $1, c.id, 'struck-off', $4, 0 from contract c join holder h on h.slot = c.slot and h.id = c.holder
       where c.slot = $1 and h.order_code = $2 and h.tax_code = any ($3) and c.state in ('active', 'expiring', 'suspended')
       on conflict (slot, subject, kind) do nothing returning subject`,
      [slot, order, taxCodes, new Date(now())],
    )
    return rows.length
  }

  return {
    async importFile(code, bytes, actor, { whole = false, dryRun = false, allowMany = false } = {}) {
      await orders.get(code)
      const slot = slotOfOrder(code)
      const { members, rejected, doubtful } = readRoll(bytes)
      const report = await transactor.transact(slot, async (tx) => {
        const version = (await lockRoll(tx, slot, code)) + 1
        const known = await tx.query<RollMember>(`select ${MEMBER_COLUMNS} from member m where slot = $1 and order_code = $2`, [
          slot,
          code,
        ])
        const changes = rollChanges(known, members, whole ? dayOf(now()) : null)
        const inFile = new Set(members.map(({ taxCode }) => taxCode))
        const absent = changes.filter(({ member }) => !inFile.has(member.taxCode)).length
        const counts = Object.fromEntries(
          CHANGES.map((kind) => [kind, changes.filter(({ change }) => change === kind).length]),
        ) as Record<Change, number>
        const struck = changes.filter(({ change }) => change === 'struck-off').map(({ member }) => member.taxCode)
        if (whole && !dryRun && !allowMany && struck.length > Math.max(MANY, known.length / 10))
          throw clientError(
            'many-struck-off',
            `${struck.length} of ${known.length} members would be struck off: look at the file with a dry run, and say that so many are right`,
          )
        let revoked = 0
        if (!dryRun) {
          await save(tx, slot, code, version, changes)
          await writeRollFacts(tx, code, new Date(now()), changes)
          revoked = await revoke(tx, slot, code, struck)
          await writeAudit(tx, {
            ...actor,
            act: 'roll-imported',
            object: `order:${code}`,
            details: { version, lines: members.length + rejected.length, rejected: rejected.length, ...counts },
            at: now(),
          })
        }
        return {
          version,
          lines: members.length + rejected.length,
          unchanged: members.length - changes.length + absent,
          changes: counts,
          examples: dryRun
            ? changes.slice(0, EXAMPLES).map(({ change, member }) => ({
                change,
                taxCode: member.taxCode,
                name: `${member.surname} ${member.givenName}`,
              }))
            : [],
          revoked,
          rejected,
          doubtful,
        }
      })
      // Of a table that has just been filled nothing is known: until the database looks at it by itself, lists would read it whole.
      if (!dryRun && report.lines - report.unchanged >= AT_ONCE) await transactor.reference((tx) => tx.query('analyze member'))
      return report
    },

    async member(order, taxCode) {
      const [row] = await reader.read<RollMember>(
        `select ${MEMBER_COLUMNS} from member m where slot = $1 and order_code = $2 and tax_code = $3`,
        [slotOfOrder(order), order, taxCode],
      )
      return row
    },

    async list(order, { after = null, limit, only = 'all', search = '' }) {
      const [surname = '', givenName = '', taxCode = ''] = after ?? []
      const { members, params } = searched(search, 7)
      const rows = await reader.read<RollMember & { address: string | null }>(
        `select ${MEMBER_COLUMNS}, m.address from ${members} m
         where m.slot = $1 and m.order_code = $2 and (m.surname collate "C", m.given_name collate "C", m.tax_code) > ($3, $4, $5) ${WANTED[only]}
         order by m.surname collate "C", m.given_name collate "C", m.tax_code limit $6`,
        [slotOfOrder(order), order, surname, givenName, taxCode, limit, ...params],
      )
      const last = rows.length === limit ? rows.at(-1) : undefined
      return { members: rows, next: last ? [last.surname, last.givenName, last.taxCode] : null }
    },

    history: (order, taxCode) =>
      reader.read(
        `select version, change, before, at from member_history
         where slot = $1 and order_code = $2 and tax_code = $3 order by version`,
        [slotOfOrder(order), order, taxCode],
      ),
  }
}
