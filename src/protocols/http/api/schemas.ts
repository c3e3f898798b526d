/** Forms that several resources have: what of a row is shown. */
import { LANGUAGES } from '../../../base/languages.ts'
import { z } from 'zod'
import { METHODS } from '../../../registry/agreement/payments.ts'
import { STATES } from '../../../registry/agreement/states.ts'

/** A list that nobody changes: what the registry answers. */
export const listOf = <Item extends z.ZodType>(item: Item): z.ZodType<readonly z.output<Item>[]> => z.array(item)

/** What is given, without what is not. */
export const given = <T extends object>(some: T) =>
  Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

const day = z.string().describe('a day in Italy, such as 2026-03-15')

export const personSchema = z.object({
  taxCode: z.string().max(40).describe('codice fiscale'),
  surname: z.string().max(200),
  givenName: z.string().max(200),
})

export const reasonSchema = z.object({ reason: z.string().max(500).describe('recorded, and told to whom it concerns') })

export const idParams = z.object({ id: z.string() })
export const orderParams = z.object({ order: z.string().describe('the code of the order') })

export const memberParams = orderParams.extend({ taxCode: z.string() })

export const memberSchema = z
  .object({
    ...personSchema.shape,
    registerNumber: z.string(),
    registeredOn: z.string().nullable(),
    struckOffOn: z.string().nullable(),
  })
  .meta({ id: 'Member' })

export const languageSchema = z.enum(LANGUAGES)

export const paymentMethod = z.enum(['bank-transfer', 'card'])

export const paymentSchema = z
  .object({
    reference: z.string().describe('what the payer writes with a bank transfer'),
    subjectKind: z.enum(['request', 'renewal']),
    subject: z.string(),
    method: z.enum(METHODS),
    cents: z.int(),
    state: z.enum(['awaited', 'registered', 'cancelled']),
    createdAt: z.date(),
    registeredAt: z.date().nullable(),
  })
  .meta({ id: 'Payment' })

export const requestSchema = z
  .object({
    id: z.string(),
    order: z.string(),
    agreement: z.string(),
    state: z.enum(STATES.request),
    stateAt: z.date(),
    ...personSchema.shape,
    email: z.string(),
    phone: z.string(),
    address: z.string().describe('the certified address that is asked for'),
    years: z.int(),
    termsVersion: z.string(),
    emailConfirmedAt: z.date().nullable(),
    reason: z.string().nullable().describe('why it was rejected, or what is wrong with the document'),
    createdAt: z.date(),
  })
  .meta({ id: 'Request' })

export const contractSchema = z
  .object({
    id: z.string(),
    order: z.string(),
    agreement: z.string(),
    state: z.enum(STATES.contract),
    stateAt: z.date(),
    ...personSchema.shape,
    address: z.string(),
    startsOn: day,
    expiresOn: day,
    cause: z.string().nullable().describe('the event that stopped it'),
    deleteOn: day.nullable().describe('the day on which the content is deleted'),
  })
  .meta({ id: 'Contract' })

export const renewalSchema = z
  .object({
    id: z.string(),
    contract: z.string(),
    address: z.string(),
    state: z.enum(STATES.renewal),
    stateAt: z.date(),
    years: z.int(),
    lateAccepted: z.boolean(),
    reason: z.string().nullable(),
    contractExpiresOn: day,
  })
  .meta({ id: 'Renewal' })
