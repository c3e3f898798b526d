/** What a holder sees and does of his own mailbox's contract: by its password, and to renew by the link of a reminder too. */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import type { ContractRow } from '../../../registry/agreement/subjects.ts'
import type { Api, ApiDeps } from './parts.ts'
import { addressOf, type Principal } from './principal.ts'
import { contractSchema, idParams, listOf, paymentMethod, renewalSchema } from './schemas.ts'

const contactSchema = z.object({ email: z.string().max(320), phone: z.string().max(40) }).meta({ id: 'Contact' })

const offerSchema = z
  .object({
    expiresOn: z.string(),
    opensOn: z.string(),
    lastDay: z.string().nullable().describe('the last day on which a payment is in time; null: suspended, each day is'),
    may: z.enum(['now', 'early', 'late', 'over']).describe('late: an operator decides'),
    choices: listOf(z.object({ years: z.int(), cents: z.int() })),
    renewals: listOf(renewalSchema),
  })
  .meta({ id: 'RenewalOffer' })

const askedSchema = z
  .object({
    id: z.string(),
    state: renewalSchema.shape.state,
    payment: z.object({ reference: z.string(), cents: z.int() }).nullable(),
    lastDay: z.string().nullable(),
  })
  .meta({ id: 'AskedRenewal' })

const accessSchema = z
  .object({ entry: z.string(), at: z.date(), role: z.string(), act: z.string(), object: z.string() })
  .meta({ id: 'Access' })

export function mailboxRoutes(api: Api, { desk: { contracts, contacts }, accessesOf }: ApiDeps): void {
  const own = (principal: Principal): Promise<ContractRow> => contracts.of(addressOf(principal))

  api.get(
    '/mailbox',
    { schema: { operationId: 'getOwnContract', summary: 'The contract of the own mailbox', response: { 200: contractSchema } } },
    async ({ principal }) => own(principal),
  )

  api.get(
    '/mailbox/contact',
    { schema: { operationId: 'getContact', summary: 'Where notices go', response: { 200: contactSchema } } },
    async ({ principal }) => contacts.get((await own(principal)).id),
  )

  api.put(
    '/mailbox/contact',
    {
      schema: {
        operationId: 'setContact',
        summary: 'Change where notices go: ordinary e-mail, telephone',
        body: contactSchema,
        response: { 200: contactSchema },
      },
    },
    async ({ principal, body, actor }) => {
      const { id } = await own(principal)
      await contacts.set(id, body, actor)
      return contacts.get(id)
    },
  )

  api.get(
    '/mailbox/accesses',
    {
      schema: {
        operationId: 'listAccesses',
        summary: 'Who of the provider or of the order had to do with the mailbox, and what for',
        response: { 200: z.object({ items: listOf(accessSchema) }) },
      },
    },
    async ({ principal }) => ({ items: (await accessesOf(addressOf(principal))).accesses }),
  )

  api.get(
    '/mailbox/renewal',
    {
      schema: {
        operationId: 'getRenewalOffer',
        summary: 'Until when the mailbox is paid, and what its renewal costs until when',
        response: { 200: offerSchema },
      },
    },
    async ({ principal }) => contracts.offer((await own(principal)).id),
  )

  api.post(
    '/mailbox/renewals',
    {
      schema: {
        operationId: 'askRenewal',
        summary: 'Ask for a renewal',
        body: z.object({
          years: z.int(),
          method: paymentMethod.optional(),
          late: z.boolean().optional().describe('it is known to be late: an operator shall decide'),
        }),
        response: { 201: askedSchema },
      },
    },
    async ({ principal, body: { years, method, late }, actor }, answer) => {
      const { id } = await own(principal)
      const wanted = { years, ...(method && { method }), ...(late !== undefined && { late }) }
      return answer.code(201).send(await contracts.renew(id, wanted, actor))
    },
  )

  api.delete(
    '/mailbox/renewals/:id',
    {
      schema: {
        operationId: 'cancelRenewal',
        summary: 'Cancel a renewal that is not concluded',
        params: idParams,
        response: { 204: z.undefined() },
      },
    },
    async ({ principal, params, actor }, answer) => {
      const { id } = await own(principal)
      const renewal = await contracts.getRenewal(params.id)
      if (renewal.contract !== id) throw clientError('no-such-renewal', `There is no renewal ${params.id} of your mailbox`)
      await contracts.cancelRenewal(renewal.id, actor)
      return answer.code(204).send()
    },
  )

  api.post(
    '/mailbox/withdrawal',
    {
      schema: {
        operationId: 'withdraw',
        summary: 'Give the mailbox up: it neither sends nor receives from now on, is read for 90 days, and ends',
        body: z.object({ address: z.string().describe('the own address once more: this cannot be undone') }),
        response: { 200: contractSchema },
      },
    },
    async ({ principal, body, actor }) => {
      const { id, address } = await own(principal)
      if (body.address.toLowerCase() !== address) throw clientError('bad-address', 'This is not the address of your mailbox')
      return contracts.stop(id, 'withdraw', null, actor)
    },
  )
}
