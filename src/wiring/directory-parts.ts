/** The parts of the providers' directory from the settings, for the commands and the servers. */
import { rootCertificates } from 'node:tls'
import type { EventSink } from '../base/events.ts'
import type { Config } from '../config/config.ts'
import { createDirectory } from '../directory/directory.ts'
import type { Domains } from '../directory/domains.ts'
import { createDownload, type Download } from '../directory/download.ts'
import { createOwnRecord } from '../directory/own-record.ts'
import { createDirectoryRefresh } from '../directory/refresh.ts'
import type { Sealer } from '../seal/cms-template.ts'
import type { Revocation } from '../seal/revocation.ts'
import { signFile } from '../seal/signed-file.ts'
import type { Database } from '../storage/database.ts'
import { serviceAddress } from './addresses.ts'
import { directoryRoots, nextSealCertificate, readText } from './keys.ts'

export interface DirectoryPartsDeps {
  readonly database: Database
  readonly domains: Domains
  readonly sealer: Sealer
  readonly revocation: Revocation
  readonly report: EventSink
  readonly now: () => number
}

export function directoryParts(config: Config, deps: DirectoryPartsDeps) {
  const { values } = config
  const { database, domains, sealer, revocation, report, now } = deps
  const ownRecord = createOwnRecord({
    name: values.CERALACCA_PROVIDER_NAME,
    certificates: [sealer.certificate, ...nextSealCertificate(config)],
    mailReceipt: serviceAddress(config),
    domains,
    ldifUrl: values.CERALACCA_DIRECTORY_RECORD_URL ?? null,
    sign: (content, at) => signFile(content, sealer, at),
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

function downloadOf({ values }: Config): Download {
  const { CERALACCA_TLS_CA_FILE: ca, CERALACCA_DIRECTORY_CERTIFICATE_FILE: cert, CERALACCA_DIRECTORY_KEY_FILE: key } = values
  return createDownload({
    ca: ca === undefined ? undefined : [...rootCertificates, readText(ca)],
    client: cert === undefined || key === undefined ? undefined : { cert: readText(cert), key: readText(key) },
  })
}
