/** Webhooks with the key, the networks and the authorities of the settings. */
import type { EventSink } from '../base/events.ts'
import { dataPaths, type Config } from '../config/config.ts'
import type { Orders } from '../registry/agreement/orders.ts'
import type { Mailboxes } from '../registry/mailboxes.ts'
import { createSecretBox, type SecretBox } from '../registry/operators/secret-box.ts'
import { createPost } from '../webhooks/post.ts'
import type { Owner, SubscriptionsDeps } from '../webhooks/subscriptions.ts'
import { createWebhooks, createWebhookWork, type Webhooks, type WebhookWork, type WebhookWorkDeps } from '../webhooks/webhooks.ts'
import { keyInFile } from './key-file.ts'
import { tlsRoots } from './keys.ts'

/** Asked for when a secret is first needed: the key is made then, if there is none. */
function secretBox({ values, dataFolder }: Config): () => SecretBox {
  let box: SecretBox | undefined
  return () => (box ??= createSecretBox(keyInFile(values.CERALACCA_SECRETS_KEY_FILE, dataPaths(dataFolder).secretsKey)))
}

interface Registry {
  readonly orders: Pick<Orders, 'get'>
  readonly mailboxes: Pick<Mailboxes, 'show'>
}

/** Whether there is an order or a mailbox that something shall be of. @throws `no-such-order`, `no-such-mailbox` */
export const ownerCheck =
  ({ orders, mailboxes }: Registry) =>
  async ({ bound, name }: Owner): Promise<void> => {
    if (bound === 'order') await orders.get(name)
    if (bound === 'mailbox') await mailboxes.show(name)
  }

export const webhookDesk = (config: Config, deps: Omit<SubscriptionsDeps, 'box'>): Webhooks =>
  createWebhooks({ ...deps, box: secretBox(config) })

type Desk = Pick<WebhookWorkDeps, 'database' | 'webhooks' | 'transport' | 'now'>

export const webhookWork = (config: Config, { database, webhooks, transport, now }: Desk, report: EventSink): WebhookWork =>
  createWebhookWork({
    database,
    webhooks,
    transport,
    now,
    box: secretBox(config),
    openLine: createPost({ networks: config.values.CERALACCA_WEBHOOK_NETWORKS, tlsRoots: tlsRoots(config) }),
    report,
  })
