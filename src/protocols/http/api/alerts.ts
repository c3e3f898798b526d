/** What a holder wishes of alerts: ordinary e-mail that tells him that certified mail has come. */
import { z } from 'zod'
import { clientError } from '../../../base/errors.ts'
import { LANGUAGES } from '../../../base/languages.ts'
import { ALERT_KINDS, FREQUENCIES } from '../../../notices/alerts/types.ts'
import type { Api, ApiDeps } from './parts.ts'
import { addressOf } from './principal.ts'
import { given, listOf } from './schemas.ts'

const wishesSchema = z.object({
  recipient: z.string().max(320).describe('ordinary e-mail; another than the own contact is asked first, by a link'),
  language: z.enum(LANGUAGES),
  frequency: z.enum(FREQUENCIES).describe('of messages; warnings are told at once'),
  hour: z.int().describe('of the day in Italy, 0 to 23, for daily'),
  details: z.boolean().describe('whether sender and subject are shown; what a message says never is'),
  kinds: z.array(z.enum(ALERT_KINDS)),
})

const settingsSchema = wishesSchema
  .extend({
    kinds: listOf(z.enum(ALERT_KINDS)),
    confirmedAt: z.date().nullable().describe('null: nothing is told before the recipient has opened the link'),
    stopped: z
      .object({ at: z.date(), by: z.enum(['holder', 'link', 'bounce']), reason: z.string().nullable() })
      .nullable()
      .describe('null: alerts are sent'),
    toldAt: z.date().nullable(),
  })
  .meta({ id: 'Alerts' })

export function alertRoutes(api: Api, { alerts }: Pick<ApiDeps, 'alerts'>): void {
  api.get(
    '/mailbox/alerts',
    { schema: { operationId: 'getAlerts', summary: 'What alerts are wished', response: { 200: settingsSchema } } },
    async ({ principal }) => {
      const address = addressOf(principal)
      const settings = await alerts.get(address)
      if (!settings) throw clientError('no-alerts', `${address} has no alerts: change them, and they begin`)
      return settings
    },
  )

  api.patch(
    '/mailbox/alerts',
    {
      schema: {
        operationId: 'setAlerts',
        summary: 'Begin alerts, begin them again, or change them; what is not named stays',
        body: wishesSchema.partial(),
        response: { 200: settingsSchema },
      },
    },
    async ({ principal, body, actor }) => alerts.set(addressOf(principal), given(body), { actor }),
  )

  api.delete(
    '/mailbox/alerts',
    {
      schema: {
        operationId: 'stopAlerts',
        summary: 'Stop alerts, until they are begun again',
        response: { 204: z.undefined() },
      },
    },
    async ({ principal, actor }, answer) => {
      await alerts.stop(addressOf(principal), { actor })
      return answer.code(204).send()
    },
  )
}
