/**
 * The request of a member, from the agreement's code to the operator's decision. Each function is one step, or one after another step has
 * made sure of something that cannot be undone by its failing: an address is claimed before a request is approved.
 */
import type { Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import { slotOf, uuidv7 } from '../../base/ids.ts'
import type { Language } from '../../base/languages.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import type { Database } from '../../storage/database.ts'
import { holderActor } from './actor.ts'
import type { AddressHolds } from './address-holds.ts'
import { proposals } from './address-rule.ts'
import type { Agreement, Agreements } from './agreements.ts'
import { checkedContact } from './contact.ts'
import { addDays, addYears } from './days.ts'
import type { Documents } from './documents.ts'
import { endElsewhere } from './elsewhere.ts'
import { makeLink, slotOfToken, takeLink } from './links.ts'
import { slotOfOrder } from './orders.ts'
import { openPayment, type PaymentMethod } from './payments.ts'
import { scheduleContract } from './renewal-steps.ts'
import { cancelPayments, scheduleRequest } from './request-steps.ts'
import type { RollMember } from './roll-file.ts'
import { hasNoMailbox, memberOnRoll, type Claimed } from './roll-members.ts'
import type { Rolls } from './rolls.ts'
import type { Step, Steps } from './steps.ts'
import { find, list, type RequestRow } from './subjects.ts'
import { DOCUMENT_DAYS } from './terms.ts'
import type { AcceptedText, TermsTexts } from './terms-texts.ts'

export interface Person extends Claimed {
  /** the agreement's code */
  readonly code: string
}

export interface Wanted extends Person {
  readonly address: string
  readonly years: number
  /** ordinary e-mail, which notices go to */
  readonly email: string
  readonly phone: string
  /** the version of the terms that the member has read */
  readonly termsVersion: string
  /** in which the terms were read, and the member is written to; Italian unless given */
  readonly language?: Language
}

export interface Proposal {
  readonly address: string
  readonly free: boolean
}

export interface Requests {
  /**
   * Who asks is on the roll of the agreement's order, and which addresses there are.
   * @throws `no-such-agreement`, `agreement-not-in-force`, `bad-tax-code`, `not-on-roll`, `struck-off`, `name-differs`, `has-mailbox`
   */
  check(person: Person): Promise<{ agreement: Agreement; member: RollMember; proposals: Proposal[] }>
  /**
   * Begins a request; a notice with a link goes to the e-mail address. Answers its id.
   * @throws as `check`, and `bad-address`, `address-not-proposed`, `address-taken`, `bad-years`, `bad-phone`, `terms-not-accepted`, `request-open`
   */
  start(wanted: Wanted): Promise<string>
  /** The link of the e-mail address was followed. Answers the request's id. @throws `bad-link`, `link-used`, `link-expired`, `wrong-state` */
  confirmEmail(token: string): Promise<string>
  /** @throws those of documents, `wrong-state` */
  giveDocument(id: string, bytes: Buffer, actor: Actor, method?: PaymentMethod): Promise<RequestRow>
  /** A new link for the e-mail address, for who has lost the notice. @throws `wrong-state` */
  confirmationLink(id: string, actor: Actor): Promise<string>
  /** Makes the contract; the mailbox follows. Answers the contract's id. @throws `wrong-state`, `not-yours`, `address-taken`, `struck-off`, `has-mailbox` */
  approve(id: string, actor: Actor): Promise<string>
  reject(id: string, reason: string, actor: Actor): Promise<void>
  /** The document cannot be read, or is not the person's: another one is asked for. */
  askDocument(id: string, reason: string, actor: Actor): Promise<void>
  /** The person does not go on, or time is over. */
  abandon(id: string, actor: Actor): Promise<void>
  get(id: string): Promise<RequestRow>
  /** Of an order, or of all (null). */
  list(order: string | null, page: { state: string | null; after: string | null; limit: number }): Promise<RequestRow[]>
}

export interface RequestsDeps {
  readonly database: Database
  readonly steps: Steps
  readonly agreements: Pick<Agreements, 'get' | 'inForce'>
  readonly rolls: Pick<Rolls, 'member'>
  readonly holds: AddressHolds
  readonly documents: Documents
  readonly termsTexts: Pick<TermsTexts, 'accepted'>
  /** whether a domain is certified by us */
  readonly isLocal: (domain: string) => Promise<boolean>
  /** Claims an address for a mailbox that is to be made; answers false if it was given to another. */
  readonly claim: (address: string, mailbox: MailboxRef) => Promise<boolean>
  /** told after a step that left work which is due */
  readonly workNow: (slot: number, subject: string) => Promise<void>
  readonly now: () => number
}

const LONGEST_REASON = 500

export function createRequests(deps: RequestsDeps): Requests {
  const { database, steps, agreements, rolls, holds, documents, termsTexts, isLocal, claim, workNow, now } = deps
  const { reader } = database

  async function check(person: Person) {
    const agreement = await agreements.inForce(person.code)
    const member = await memberOnRoll(rolls, agreement.order, person)
    await hasNoMailbox(reader, agreement.order, member.taxCode)
    const addresses = proposals(agreement.addressRule, agreement.domain, member)
    const free = await holds.free(addresses)
    return { agreement, member, proposals: addresses.map((address) => ({ address, free: free.has(address) })) }
  }

  async function checkContact({ email, phone, years, termsVersion }: Wanted, agreement: Agreement): Promise<string> {
    const ordinary = await checkedContact({ email, phone }, isLocal)
    if (!agreement.durations.includes(years))
      throw clientError('bad-years', `The agreement allows ${agreement.durations.join(', ')} years, not ${years}`)
    if (termsVersion !== agreement.termsVersion)
      throw clientError(
        'terms-not-accepted',
        `The terms that count are of version ${agreement.termsVersion}: read and accept them`,
      )
    return ordinary
  }

  async function insert(
    step: Step,
    id: string,
    wanted: Wanted,
    facts: { agreement: Agreement; member: RollMember; email: string; terms: AcceptedText },
  ) {
    const { agreement, member, email, terms } = facts
    const mailbox = uuidv7(step.at.getTime())
    const made = await step.tx.query(
      `insert into request (slot, id, order_code, agreement, state, state_at, tax_code, surname, given_name, email, phone, address,
         mailbox_slot, mailbox, years, terms_version, terms_accepted_at, created_at, language, terms_language, terms_sha256)
       values ($1, $2, $3, $4, 'requested', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $5, $5, $16, $17, $18) on conflict do nothing returning id`,
      [
        step.slot,
        id,
        agreement.order,
        agreement.code,
        step.at,
        member.taxCode,
        member.surname,
        member.givenName,
        email,
        wanted.phone,
        wanted.address,
        slotOf(mailbox),
        mailbox,
        wanted.years,
        wanted.termsVersion,
        wanted.language ?? 'it',
        terms.language,
        terms.sha256,
      ],
    )
    if (made.length === 0) throw clientError('request-open', 'There is a request of this member already that is not decided yet')
    const row = await step.lock('request', id)
    await step.tell(row, 'confirm-email', 'holder')
    await scheduleRequest(step, id, row.state)
    step.record({
      ...holderActor(id),
      act: 'state-changed',
      object: `request:${id}`,
      details: { event: 'start', from: null, to: 'requested', reason: null },
    })
  }

  /** The holder's row, with the contact data of the request. */
  async function upsertHolder({ tx, slot, at }: Step, row: RequestRow): Promise<string> {
    const [holder] = await tx.query<{ id: string }>(
      `insert into holder (slot, id, order_code, tax_code, surname, given_name, email, phone, language, changed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict (slot, order_code, tax_code) do update set surname = excluded.surname, given_name = excluded.given_name,
         email = excluded.email, phone = excluded.phone, language = excluded.language, changed_at = excluded.changed_at returning id`,
      [slot, uuidv7(at.getTime()), row.order, row.taxCode, row.surname, row.givenName, row.email, row.phone, row.language, at],
    )
    return holder?.id ?? ''
  }

  const reasoned = (reason: string): string => {
    const text = reason.trim()
    if (text === '' || text.length > LONGEST_REASON)
      throw clientError('no-reason', `Say why, in at most ${LONGEST_REASON} characters`)
    return text
  }

  return {
    check,

    async start(given) {
      const wanted = { ...given, address: given.address.toLowerCase() }
      const { agreement, member, proposals } = await check(wanted)
      const email = await checkContact(wanted, agreement)
      const terms = await termsTexts.accepted(wanted.termsVersion, wanted.language ?? 'it')
      const proposal = proposals.find(({ address }) => address === wanted.address)
      if (!proposal)
        throw clientError('address-not-proposed', `${wanted.address} is not among the addresses that are proposed to you`)
      const id = uuidv7(now())
      if (!proposal.free || !(await holds.hold(wanted.address, id)))
        throw clientError('address-taken', `The address ${wanted.address} is not free: choose another`)
      try {
        await steps(slotOfOrder(agreement.order), (step) => insert(step, id, wanted, { agreement, member, email, terms }))
      } catch (error) {
        await holds.release(wanted.address, id)
        throw error
      }
      return id
    },

    confirmEmail: async (token) =>
      steps(slotOfToken(token), async (step) => {
        const row = await step.lock('request', await takeLink(step, 'confirm-email', token))
        await scheduleRequest(step, row.id, await step.move(row, 'confirm-email', holderActor(row.id)))
        await step.tx.query('update request set email_confirmed_at = $3 where slot = $1 and id = $2', [
          step.slot,
          row.id,
          step.at,
        ])
        return row.id
      }),

    async confirmationLink(id, actor) {
      const { slot } = await find(reader, 'request', id)
      return steps(slot, async (step) => {
        const row = await step.lock('request', id)
        if (row.state !== 'requested')
          throw clientError('wrong-state', `The request is ${row.state}: no address is to be confirmed`)
        step.record({ ...actor, act: 'link-made', object: `request:${id}`, details: { purpose: 'confirm-email' } })
        return makeLink(step, 'confirm-email', id)
      })
    },

    async giveDocument(id, bytes, actor, method = 'bank-transfer') {
      const { slot, agreement: code, state } = await find(reader, 'request', id)
      if (state !== 'identity-pending') throw clientError('wrong-state', `The request is ${state}: no document is awaited`)
      const agreement = await agreements.get(code)
      const document = await documents.check(bytes)
      await steps(slot, async (step) => {
        const row = await step.lock('request', id)
        const { reference, cents, paid } = await openPayment(step, 'request', id, agreement, { years: row.years, method })
        const event = paid ? 'give-document-paid' : 'give-document'
        await scheduleRequest(step, id, await step.move(row, event, actor, { tell: { reference, cents } }))
        await documents.store(step, id, document)
      })
      return find(reader, 'request', id)
    },

    async approve(id, actor) {
      const before = await find(reader, 'request', id)
      const { slot, address } = before
      const agreement = await agreements.get(before.agreement)
      if (before.state === 'review-pending') await memberOnRoll(rolls, before.order, before)
      const { contract } = await steps(slot, async (step) => {
        const row = await step.lock('request', id)
        await step.move(row, 'approve', actor)
        // Not undone if the step fails: the address is this request's then, and approving again goes on.
        if (!(await claim(address, { slot: row.mailboxSlot, id: row.mailbox })))
          throw clientError(
            'address-taken',
            `The address ${address} was given to another meanwhile: reject the request, with this reason`,
          )
        const holder = await upsertHolder(step, row)
        const [contract, expiresOn] = [uuidv7(step.at.getTime()), addYears(step.today, row.years)]
        const made = await step.tx.query(
          `insert into contract (slot, id, order_code, agreement, holder, state, state_at, address, mailbox_slot, mailbox, starts_on, expires_on)
           values ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $10, $11) on conflict do nothing returning id`,
          [
            slot,
            contract,
            row.order,
            agreement.code,
            holder,
            step.at,
            address,
            row.mailboxSlot,
            row.mailbox,
            step.today,
            expiresOn,
          ],
        )
        if (made.length === 0) throw clientError('has-mailbox', 'There is a mailbox of this member already')
        await step.stop(id, ['abandon'])
        await step.timer(id, 'delete-document', addDays(step.today, DOCUMENT_DAYS))
        await scheduleContract(step, contract, expiresOn)
        await step.timer(contract, 'make-mailbox', step.at)
        // An address elsewhere gives way to this one.
        await endElsewhere(step.tx, row.order, step.at, [row.taxCode])
        step.fact({ ...row, kind: 'contract', id: contract }, 'given', { event: 'begin', expiresOn })
        step.record({
          ...actor,
          act: 'state-changed',
          object: `contract:${contract}`,
          holders: [address],
          details: { event: 'begin', from: null, to: 'active', reason: null },
        })
        return { contract }
      })
      await workNow(slot, contract)
      return contract
    },

    async reject(id, reason, actor) {
      const { slot } = await find(reader, 'request', id)
      await steps(slot, async (step) => {
        await step.move(await step.lock('request', id), 'reject', actor, { reason: reasoned(reason) })
        await cancelPayments(step, id)
      })
    },

    async askDocument(id, reason, actor) {
      const { slot } = await find(reader, 'request', id)
      await steps(slot, async (step) => {
        const state = await step.move(await step.lock('request', id), 'ask-document', actor, { reason: reasoned(reason) })
        await scheduleRequest(step, id, state)
      })
    },

    async abandon(id, actor) {
      const { slot } = await find(reader, 'request', id)
      await steps(slot, async (step) => {
        await step.move(await step.lock('request', id), 'abandon', actor)
        await cancelPayments(step, id)
      })
    },

    get: (id) => find(reader, 'request', id),

    list: (order, page) => list(reader, 'request', order, page),
  }
}
