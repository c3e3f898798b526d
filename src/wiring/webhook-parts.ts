/** Webhooks with the key, the networks and the authorities of the settings. */
import type { EventSink } from '../base/events.ts'
import { dataPaths, type Config } from '../config/config.ts'
import type { Orders } from '../registry/agreement/orders.ts'
import type { Mailboxes } from '../registry/mailboxes.ts'
import { createSecretBox, type SecretBox } from '../registry/operators/secret-box.ts'
import { createPost } from '../webhooks/post.ts'
import { createWebhooks, createWebhookWork, type Webhooks, type WebhookWork, type WebhookWorkDeps } from '../webhooks/webhooks.ts'
import { keyInFile } from './key-file.ts'
import { tlsRoots } from './keys.ts'

/** Asked for when a secret is first needed: the key is made then, if there is none. */
function secretBox({ values, dataFolder }: Config): () => SecretBox {
  let box: SecretBox | undefined
  return () => (box ??= createSecretBox(keyInFile(values.CERALACCA_SECRETS_KEY_FILE, dataPaths(dataFolder).secretsKey)))
}

interface Registry extends Pick<WebhookWorkDeps, 'database' | 'now'> {
  readonly orders: Pick<Orders, 'get'>
  readonly mailboxes: Pick<Mailboxes, 'show'>
}

export const webhookDesk = (config: Config, { database, orders, mailboxes, now }: Registry): Webhooks =>
  createWebhooks({
    database,
    box: secretBox(config),
    async checkOwner({ bound, name }) {
      if (bound === 'order') await orders.get(name)
      if (bound === 'mailbox') await mailboxes.show(name)
    },
    now,
  })

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
