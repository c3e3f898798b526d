/** What servers and CLI share: the registry and the stores over a database that somebody runs. */
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createRefusals } from '../access/refusals.ts'
import { accessesOf, auditReads } from '../audit/queries.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { createDomains } from '../directory/domains.ts'
import { directoryQueries } from '../directory/queries.ts'
import { entriesOf } from '../ledger/queries.ts'
import { createQuarantine } from '../quarantine/quarantine.ts'
import { createPostDesk } from '../notices/desk.ts'
import { createPost } from '../notices/post.ts'
import { postQueries } from '../notices/queries.ts'
import { createAppPasswords } from '../registry/app-passwords.ts'
import { createLoginBrake } from '../registry/login-brake.ts'
import { createMachineTokens } from '../registry/machine-tokens.ts'
import { createMailboxes } from '../registry/mailboxes.ts'
import { createOperators } from '../registry/operators/operators.ts'
import { createProfiles } from '../registry/profiles.ts'
import { registryQueries } from '../registry/queries.ts'
import { createBlobs } from '../storage/blobs.ts'
import type { DatabaseAddress } from '../storage/connection.ts'
import { openDatabase } from '../storage/database.ts'
import { createDatabaseBlobStore } from '../storage/database-blob-store.ts'
import { createDiskBlobStore } from '../storage/disk-blob-store.ts'
import { transportQueries } from '../transport/queries.ts'
import { agreementDesk } from './agreement-desk.ts'
import { alertWishes } from './alert-parts.ts'
import { ownerCheck, webhookDesk } from './webhook-parts.ts'

/**
 * Connections that write; half as many read. Two a core: the calls are short and batched, and each further connection only warms more
 * caches (measured on two cores: 4 connections 324 certified/s with 1.9 ms of PostgreSQL's CPU each, 16 connections 254 with 2.7 ms).
 */
const DATABASE_CONNECTIONS = Math.max(4, 2 * availableParallelism())

/** @param now the clock, milliseconds since 1970 */
export function openInstallation(config: Config, address: DatabaseAddress, now: () => number = Date.now) {
  const database = openDatabase(address, { max: DATABASE_CONNECTIONS })
  const paths = dataPaths(config.dataFolder)
  mkdirSync(paths.blobs, { recursive: true, mode: 0o700 })
  const domains = createDomains(database, now)
  const credentials = registryQueries(database)
  const disk = createDiskBlobStore(paths.blobs)
  const blobRows = createDatabaseBlobStore(database)
  const blobs = createBlobs({ disk, database: blobRows })
  const mailboxes = createMailboxes({ database, queries: credentials, domains, now })
  const profiles = createProfiles({ database, domains, now })
  const transport = transportQueries(database)
  const { hasDomain } = directoryQueries(database)
  const isCertified = async (domain: string): Promise<boolean> => (await domains.isLocal(domain)) || hasDomain(domain)
  const { isDelivered } = transport
  const desk = agreementDesk(config, { database, domains, mailboxes, profiles, isCertified, isDelivered, now })
  const mail = postQueries(database)
  const checkOwner = ownerCheck({ orders: desk.orders, mailboxes })
  return {
    address,
    database,
    disk,
    blobRows,
    blobs,
    domains,
    credentials,
    now,
    mailboxes,
    appPasswords: createAppPasswords({ database, queries: credentials, mailboxes, now }),
    profiles,
    ...desk,
    mail,
    post: createPost(mail, now),
    postDesk: createPostDesk(mail, desk.notices, now),
    alerts: alertWishes({
      database,
      credentials,
      find: mailboxes.find,
      ordinaryAddress: desk.contracts.emailOf,
      isCertified,
      now,
    }),
    tokens: createMachineTokens({ database, checkOwner: ({ bound, boundName }) => checkOwner({ bound, name: boundName }), now }),
    webhooks: webhookDesk(config, { database, checkOwner, now }),
    operators: createOperators({ database, brake: createLoginBrake(now), now }),
    transport,
    refusals: createRefusals(database.reader),
    quarantine: createQuarantine({ database, blobs, now }),
    audit: { ...auditReads(database.reader), accessesOf: (address: string) => accessesOf(database.reader, address) },
    ledger: { entriesOf: (pecMsgid: string) => entriesOf(database.reader, pecMsgid) },
  }
}

export type Installation = ReturnType<typeof openInstallation>
