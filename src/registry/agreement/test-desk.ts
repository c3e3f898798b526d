/** For tests: a desk on a real database with a clock that is moved by hand, an order with a roll, and members who go their way. */
import { randomBytes } from 'node:crypto'
import { accessesOf } from '../../audit/queries.ts'
import { createDomains } from '../../directory/domains.ts'
import { createEraser } from '../../mailbox/erase.ts'
import type { Database } from '../../storage/database.ts'
import { createMailboxes } from '../mailboxes.ts'
import { createProfiles } from '../profiles.ts'
import { registryQueries } from '../queries.ts'
import { checkCharacter } from '../people/tax-code.ts'
import type { Agreement } from './agreements.ts'
import { dayOf, startOf } from './days.ts'
import { createDesk, type Desk } from './desk.ts'
import { createVault } from './document-vault.ts'
import type { RequestRow } from './subjects.ts'

export const ANNA = { actor: 'operator:anna', role: 'desk' } as const
export const BRUNO = { actor: 'operator:bruno', role: 'desk' } as const
export const PDF = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(2000, 'identity card ')])
const NAMES = ['Rossi', 'Bianchi', 'Verdi', 'Ferrari', 'Russo', 'Romano', 'Colombo', 'Ricci', 'Marino', 'Greco']

export interface TestMember {
  readonly taxCode: string
  readonly surname: string
  readonly givenName: string
}

export async function openTestDesk(database: Database) {
  const clock = { now: Date.parse('2026-03-15T09:00:00Z') }
  const now = (): number => clock.now
  const errors: unknown[] = []
  const domains = createDomains(database, now)
  await domains.add('pec.ordine.test')
  const queries = registryQueries(database)
  const mailboxes = createMailboxes({ database, queries, domains, now })
  const profiles = createProfiles({ database, domains, now })
  const key = randomBytes(32)
  const delivered = new Set<string>()
  const infected = { name: null as string | null }
  const desk = createDesk({
    database,
    domains,
    mailboxes,
    profiles,
    vault: createVault(() => key),
    scanner: { scan: async () => (infected.name === null ? null : { kind: 'virus', name: infected.name }) },
    eraseContent: createEraser(database, now),
    quota: 1e9,
    isCertified: async (domain) => domain === 'pec.altrove.test',
    isDelivered: async (_, pecMsgid) => delivered.has(pecMsgid),
    report: (name, data) => void errors.push({ name, data }),
    now,
  })
  let orders = 0

  /** All that is due now, and what becomes due by it. */
  async function work(): Promise<void> {
    for (let more = true; more;) {
      more = false
      for (const slot of await desk.timers.dueSlots(new Date(now()))) {
        await desk.timers.workOff(slot)
        more = true
      }
    }
  }

  return {
    ...desk,
    database,
    accessesOf: (address: string) => accessesOf(database.reader, address),
    clock,
    mailboxes,
    profiles,
    infected,
    /** messages whose delivery receipts have come */
    delivered,
    /** what timers reported */
    errors,
    work,
    /** Goes on to noon of a day, and does what is due on each day on the way that has something due. */
    async goTo(day: string): Promise<void> {
      const end = startOf(day) + 12 * 3_600_000
      for (;;) {
        const [next] = await database.reader.read<{ at: Date | null }>(
          'select min(due_at) as at from agreement_timer where due_at <= $1',
          [new Date(end)],
        )
        if (!next?.at) break
        clock.now = Math.max(clock.now, next.at.getTime())
        await work()
      }
      clock.now = end
    },
    today: (): string => dayOf(now()),

    /** An order with an agreement and a roll of ten members. */
    async newOrder(terms: Partial<Agreement> = {}) {
      const order = `ORDINE-${++orders}`
      const code = `${order}-0001`
      await desk.orders.add({ code: order, name: `Ordine ${orders}`, email: `ordine${orders}@example.it` }, ANNA)
      await desk.agreements.add({ code, order, domain: 'pec.ordine.test', centsPerYear: 1000, ...terms }, ANNA)
      const members: TestMember[] = NAMES.map((name, index) => {
        const start = `RSSMRA${60 + index}A01H${100 + orders}`
        return {
          taxCode: `${start}${checkCharacter(start)}`,
          surname: `${name} ${'abcdefghij'[orders % 10]}`,
          givenName: 'Mario',
        }
      })
      const lines = members.map(({ taxCode, surname, givenName }) => `${taxCode};${surname};${givenName}`)
      const roll = (some: readonly string[]): Buffer => Buffer.from(['CF;Cognome;Nome', ...some].join('\n'))
      await desk.rolls.importFile(order, roll(lines), ANNA)
      return { order, code, members, lines, roll }
    },

    noticesOf: async (row: { slot: number; id: string }) => (await desk.notices.of(row.slot, row.id)).map(({ kind }) => kind),
  }
}

/** A request of a member, begun. */
export async function begin(desk: Desk, code: string, member: TestMember, years = 1): Promise<RequestRow> {
  const { proposals } = await desk.requests.check({ code, ...member })
  const address = proposals.find(({ free }) => free)?.address ?? ''
  const id = await desk.requests.start({
    code,
    ...member,
    address,
    years,
    email: 'mario@example.it',
    phone: '+39 06 1',
    termsVersion: '1',
  })
  return desk.requests.get(id)
}

/** A request whose document is given: it waits for money, or for the operator. */
export async function withDocument(desk: Desk, code: string, member: TestMember, years = 1): Promise<RequestRow> {
  const { id } = await begin(desk, code, member, years)
  await desk.requests.confirmEmail(await desk.requests.confirmationLink(id, ANNA))
  return desk.requests.giveDocument(id, PDF, { actor: `holder:${id}`, role: 'holder' })
}

/** The reference of what is to be paid for a request or a renewal. */
export async function referenceOf(desk: Desk, { slot, id }: { slot: number; id: string }): Promise<string> {
  const [payment] = await desk.payments.of(slot, id)
  return payment?.reference ?? ''
}

/** A member with a mailbox. */
export async function withMailbox(desk: Desk, code: string, member: TestMember, years = 1) {
  const request = await withDocument(desk, code, member, years)
  if (request.state === 'payment-pending') await desk.payments.register(await referenceOf(desk, request), 'seen', ANNA)
  return desk.contracts.get(await desk.requests.approve(request.id, ANNA))
}
