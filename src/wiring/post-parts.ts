/** The post of the provider, from the settings: what takes ordinary mail out, makes letters of notices, and takes failures back. */
import { generateKeyPairSync } from 'node:crypto'
import type { EventSink } from '../base/events.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { ALERT } from '../notices/alerts/by-mail.ts'
import { createBounces, type Bounces } from '../notices/bounces.ts'
import type { Place } from '../notices/letters/wording.ts'
import { createPostman, type Listeners, type PostmanDeps } from '../notices/postman.ts'
import { createReturnPaths } from '../notices/return-path.ts'
import { createNoticeSender, NOTICE } from '../notices/sender.ts'
import type { DkimKey } from '../transport/dkim.ts'
import type { Queue } from '../transport/worker.ts'
import type { Installation } from './installation.ts'
import { makeOnce } from './key-file.ts'
import { readText } from './keys.ts'
import { webUrl } from './web-url.ts'

/** Where notices come from. */
export const noticesFrom = ({ values }: Config): string => values.CERALACCA_NOTICES_FROM ?? `avvisi@${values.CERALACCA_DOMAIN}`

/** The key of the settings; of the demo one that is made once; else none. */
export function dkimKey({ values, dataFolder }: Config): DkimKey | undefined {
  const given = values.CERALACCA_DKIM_KEY_FILE
  if (given === undefined && !values.CERALACCA_DEMO) return undefined
  const own = dataPaths(dataFolder).dkimKey
  if (given === undefined) makeOnce(own, newDkimKey)
  return { selector: values.CERALACCA_DKIM_SELECTOR, privateKey: readText(given ?? own) }
}

const newDkimKey = (): string =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey

const placeOf = (config: Config): Place => ({
  provider: config.values.CERALACCA_PROVIDER_NAME,
  web: webUrl(config),
  serverName: config.values.CERALACCA_SERVER_NAME,
  ports: config.ports,
  bankAccount: config.values.CERALACCA_BANK_ACCOUNT ?? null,
})

type Leaving = Pick<PostmanDeps, 'mailer' | 'tasks' | 'destinationOf'> & { readonly report: EventSink }

export function postParts(config: Config, installation: Installation, leaving: Leaving): { bounces: Bounces; queues: Queue[] } {
  const { alerts, mail: queries, post, notices, requests, contracts, now } = installation
  const { report } = leaving
  const { values } = config
  const returnPaths = createReturnPaths(values.CERALACCA_DOMAIN)
  const sender = createNoticeSender({ notices, requests, contracts, post, place: placeOf(config), report, now })
  const listeners: Listeners = { [NOTICE]: sender.undeliverable, [ALERT]: alerts.undeliverable }
  const from = { name: values.CERALACCA_PROVIDER_NAME, address: noticesFrom(config) }
  const postman = createPostman({ ...leaving, queries, returnPaths, from, listeners, now })
  return { bounces: createBounces({ queries, returnPaths, report, now }), queues: [sender.queue, postman] }
}
