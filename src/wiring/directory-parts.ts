/** The parts of the providers' directory from the settings, for the commands and the servers. */
import { rootCertificates } from 'node:tls'
import type { EventSink } from '../base/events.ts'
import type { Config } from '../config/config.ts'
import { createDirectory } from '../directory/directory.ts'
import type { Domains } from '../directory/domains.ts'
import { createDownload, type Download } from '../directory/download.ts'
import { createOwnRecord } from '../directory/own-record.ts'
import { createDirectoryRefresh } from '../directory/refresh.ts'
import type { SealIdentities } from '../seal/identities.ts'
import type { Revocation } from '../seal/revocation.ts'
import { signFile } from '../seal/signed-file.ts'
import type { Database } from '../storage/database.ts'
import { serviceAddress } from './addresses.ts'
import { directoryRoots, nextSealCertificate, readText } from './keys.ts'

export interface DirectoryPartsDeps {
  readonly database: Database
  readonly domains: Domains
  readonly identities: SealIdentities
  readonly revocation: Revocation
  readonly report: EventSink
  readonly now: () => number
}

export function directoryParts(config: Config, deps: DirectoryPartsDeps) {
  const { values } = config
  const { database, domains, identities, revocation, report, now } = deps
  const ownRecord = createOwnRecord({
    name: values.CERALACCA_PROVIDER_NAME,
    certificates: withNext(identities, nextSealCertificate(config)),
    mailReceipt: serviceAddress(config),
    domains,
    ldifUrl: values.CERALACCA_DIRECTORY_RECORD_URL ?? null,
    sign: (content, at) => signFile(content, identities, at),
    now,
  })
  const refresh = createDirectoryRefresh({
    database,
    url: values.CERALACCA_DIRECTORY_URL,
    download: downloadOf(config),
    roots: directoryRoots(config),
    revocation,
    report,
    now,
  })
  return { ownRecord, refresh, directory: createDirectory({ database, own: ownRecord.record, now, report }) }
}

/** The certificates of the identities, and one that the settings announce; the same array as long as nothing changes. */
function withNext(identities: SealIdentities, next: readonly Buffer[]): () => readonly Buffer[] {
  let known: readonly Buffer[] = []
  let all: readonly Buffer[] = []
  return () => {
    const current = identities.certificates()
    if (current !== known) {
      known = current
      all = [...current, ...next.filter((der) => !current.some((one) => one.equals(der)))]
    }
    return all
  }
}

function downloadOf({ values }: Config): Download {
  const { CERALACCA_TLS_CA_FILE: ca, CERALACCA_DIRECTORY_CERTIFICATE_FILE: cert, CERALACCA_DIRECTORY_KEY_FILE: key } = values
  return createDownload({
    ca: ca === undefined ? undefined : [...rootCertificates, readText(ca)],
    client: cert === undefined || key === undefined ? undefined : { cert: readText(cert), key: readText(key) },
  })
}
