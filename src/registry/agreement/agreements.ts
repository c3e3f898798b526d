/** The agreements with professional orders: a code, the order, and the terms on which its members get their addresses in a domain. */
import type { AgreementTerms } from '../../audit/acts.ts'
import { writeAudit, type Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import type { Domains } from '../../directory/domains.ts'
import type { Database } from '../../storage/database.ts'
import { checkRule } from './address-rule.ts'
import { dayOf, isDay } from './days.ts'
import { CODE, type Orders } from './orders.ts'

export const PAYERS = ['member', 'order'] as const

export interface Agreement {
  /** what a member types, such as OMCEO-XX-0051 */
  readonly code: string
  /** the code of the order */
  readonly order: string
  /** of its members' addresses */
  readonly domain: string
  /** first and last day in Italy; null: without end */
  readonly validFrom: string
  readonly validUntil: string | null
  readonly payer: (typeof PAYERS)[number]
  readonly centsPerYear: number
  /** the years that a member may take: some of 1, 2, 3 */
  readonly durations: readonly number[]
  /** what stands before the "@": address-rule.ts */
  readonly addressRule: string
  /** bytes of a mailbox; null: as the installation does */
  readonly quota: number | null
  /** the version of the terms that a member accepts now */
  readonly termsVersion: string
}

type Needed = Pick<Agreement, 'code' | 'order' | 'domain'>

export interface Agreements {
  /**
   * What is not said is: from today on, without end, paid by the member, free, one to three years, `name.surname`, terms 1.
   * @throws `bad-agreement-code`, `bad-agreement` with what is wrong, `no-such-order`, `no-such-domain`, `agreement-exists`
   */
  add(agreement: Needed & Partial<Agreement>, actor: Actor): Promise<void>
  /** Changes what is named; what requests and contracts have agreed already stays. @throws `no-such-agreement`, `bad-agreement` */
  set(code: string, change: Partial<Omit<Agreement, 'code' | 'order' | 'domain'>>, actor: Actor): Promise<void>
  list(): Promise<Agreement[]>
  /** @throws `no-such-agreement` */
  get(code: string): Promise<Agreement>
  /** The same, of one that is in force. @throws `no-such-agreement`, `agreement-not-in-force` */
  inForce(code: string): Promise<Agreement>
}

export interface AgreementsDeps {
  readonly database: Database
  readonly domains: Pick<Domains, 'isLocal'>
  readonly orders: Pick<Orders, 'get'>
  readonly now: () => number
}

const SELECT = `select code, order_code as "order", domain, valid_from as "validFrom", valid_until as "validUntil", payer,
  cents_per_year as "centsPerYear", durations, address_rule as "addressRule", quota, terms_version as "termsVersion" from agreement`

export function isInForce({ validFrom, validUntil }: Agreement, day: string): boolean {
  return validFrom <= day && (validUntil === null || day <= validUntil)
}

export function createAgreements({ database, domains, orders, now }: AgreementsDeps): Agreements {
  const { reader, transactor } = database

  async function get(code: string): Promise<Agreement> {
    const [row] = await reader.read<Agreement>(`${SELECT} where code = $1`, [code.trim().toUpperCase()])
    if (!row) throw clientError('no-such-agreement', `There is no agreement ${code}: look at the code that your order gave you`)
    return row
  }

  return {
    async add(wanted, actor) {
      const { code, order, domain } = wanted
      if (!CODE.test(code)) throw clientError('bad-agreement-code', `"${code}" is not a code such as OMCEO-XX-0051`)
      await orders.get(order)
      if (!(await domains.isLocal(domain))) {
        throw clientError('no-such-domain', `${domain} is not served here: add it with "ceralacca domain add ${domain}"`)
      }
      const agreement = checked({ ...defaults(dayOf(now())), ...wanted })
      await transactor.reference(async (tx) => {
        const made = await tx.query(
          `insert into agreement (code, order_code, domain, valid_from, valid_until, payer, cents_per_year, durations, address_rule, quota,
             terms_version, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing returning code`,
          [code, order, domain.toLowerCase(), ...termsOf(agreement), new Date(now())],
        )
        if (made.length === 0) throw clientError('agreement-exists', `There is an agreement ${code} already`)
        const details = detailsOf(agreement)
        await writeAudit(tx, { ...actor, act: 'agreement-added', object: `agreement:${code}`, details, at: now() })
      })
    },

    async set(code, change, actor) {
      const before = await get(code)
      const agreement = checked({ ...before, ...change })
      await transactor.reference(async (tx) => {
        await tx.query(
          `update agreement set valid_from = $2, valid_until = $3, payer = $4, cents_per_year = $5, durations = $6, address_rule = $7,
             quota = $8, terms_version = $9 where code = $1`,
          [agreement.code, ...termsOf(agreement)],
        )
        const was = detailsOf(before)
        const details = Object.fromEntries(Object.entries(detailsOf(agreement)).filter(([term, value]) => was[term] !== value))
        await writeAudit(tx, { ...actor, act: 'agreement-changed', object: `agreement:${agreement.code}`, details, at: now() })
      })
    },

    list: () => reader.read<Agreement>(`${SELECT} order by code`),

    get,

    async inForce(code) {
      const agreement = await get(code)
      const today = dayOf(now())
      if (isInForce(agreement, today)) return agreement
      const why = today < agreement.validFrom ? `begins on ${agreement.validFrom}` : `ended on ${agreement.validUntil}`
      throw clientError('agreement-not-in-force', `The agreement ${agreement.code} ${why}`)
    },
  }
}

const defaults = (today: string) => ({
  validFrom: today,
  validUntil: null,
  payer: 'member' as const,
  centsPerYear: 0,
  durations: [1, 2, 3],
  addressRule: 'name.surname',
  quota: null,
  termsVersion: '1',
})

const detailsOf = ({ durations, ...terms }: Agreement): AgreementTerms => ({ ...terms, durations: durations.join(',') })

const termsOf = (a: Agreement): unknown[] => [
  a.validFrom,
  a.validUntil,
  a.payer,
  a.centsPerYear,
  [...a.durations].sort((one, other) => one - other),
  a.addressRule,
  a.quota,
  a.termsVersion,
]

/** Least and most bytes of a mailbox that an agreement may promise: 10 MB to 1 TB. */
const QUOTAS = { least: 10_000_000, most: 1_000_000_000_000 }

/** @throws `bad-agreement` with what is wrong */
function checked(agreement: Agreement): Agreement {
  const { validFrom, validUntil, centsPerYear, durations, addressRule, quota, termsVersion } = agreement
  const wrong = (why: string) => clientError('bad-agreement', why)
  if (!isDay(validFrom) || (validUntil !== null && !isDay(validUntil))) throw wrong('A day is written such as 2026-03-15')
  if (validUntil !== null && validUntil < validFrom) throw wrong('The last day lies before the first one')
  if (!Number.isSafeInteger(centsPerYear) || centsPerYear < 0 || centsPerYear > 100_000)
    throw wrong('The price of a year is in cents, from 0 to 100000')
  if (
    durations.length === 0 ||
    new Set(durations).size !== durations.length ||
    durations.some((years) => ![1, 2, 3].includes(years))
  )
    throw wrong('The durations are some of 1, 2 and 3 years')
  if (quota !== null && (!Number.isSafeInteger(quota) || quota < QUOTAS.least || quota > QUOTAS.most))
    throw wrong(`A mailbox has from ${QUOTAS.least} to ${QUOTAS.most} bytes`)
  if (termsVersion.trim() === '') throw wrong('The terms need a version')
  checkRule(addressRule)
  return agreement
}
