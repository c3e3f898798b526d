/** Keys and certificates, as the settings say: whose they are, and which authorities are believed. */
import { readFileSync } from 'node:fs'
import { clientError } from '../base/errors.ts'
import { dataPaths, type Config } from '../config/config.ts'
import type { IdentityRequest, KeyFiles } from '../seal/identity.ts'
import { certificatesOf } from '../seal/pem.ts'
import type { TestKeysRequest } from '../seal/test-keys.ts'

/** What the test authority certifies for an installation that has no keys of its own. */
export function testKeysRequest({ values }: Config): TestKeysRequest {
  return {
    providerName: values.CERALACCA_PROVIDER_NAME,
    address: `posta-certificata@${values.CERALACCA_DOMAIN}`,
    names: [...new Set([values.CERALACCA_SERVER_NAME, 'localhost', '127.0.0.1'])],
    now: Date.now(),
  }
}

export function identityRequest(config: Config): IdentityRequest {
  const { values, dataFolder } = config
  return {
    test: { folder: dataPaths(dataFolder).keys, request: testKeysRequest(config) },
    seal: keyFiles(
      'CERALACCA_SEAL',
      values.CERALACCA_SEAL_CERTIFICATE_FILE,
      values.CERALACCA_SEAL_KEY_FILE,
      values.CERALACCA_SEAL_KEY_PASSPHRASE,
    ),
    tls: keyFiles('CERALACCA_TLS', values.CERALACCA_TLS_CERTIFICATE_FILE, values.CERALACCA_TLS_KEY_FILE),
  }
}

function keyFiles(prefix: string, certificateFile?: string, keyFile?: string, passphrase?: string): KeyFiles | undefined {
  if (certificateFile !== undefined && keyFile !== undefined) return { certificateFile, keyFile, passphrase }
  if (certificateFile === undefined && keyFile === undefined) return undefined
  throw clientError('bad-config', `${prefix}_CERTIFICATE_FILE and ${prefix}_KEY_FILE go together: set both`)
}

/** DER of the seal certificate that is not used yet, if there is one. */
export function nextSealCertificate({ values }: Config): Buffer[] {
  const file = values.CERALACCA_SEAL_NEXT_CERTIFICATE_FILE
  return file === undefined ? [] : certificatesOf(readText(file)).slice(0, 1)
}

/** DER of the CA certificates under which providers seal. */
export const sealRoots = (config: Config): Buffer[] => certificatesOf(readText(trustedFile(config)))

/** The file of these certificates: the setting, else the test authority's, once it has been made. */
export const trustedFile = ({ values, dataFolder }: Config): string =>
  values.CERALACCA_TRUSTED_CA_FILE ?? dataPaths(dataFolder).testAuthority

/** DER of the CA certificates that vouch for who signs the directory. */
export const directoryRoots = (config: Config): Buffer[] =>
  certificatesOf(readText(config.values.CERALACCA_DIRECTORY_CA_FILE ?? trustedFile(config)))

/** PEM of authorities that vouch for other servers, besides those that Node knows. */
export const tlsRoots = ({ values }: Config): string | undefined =>
  values.CERALACCA_TLS_CA_FILE === undefined ? undefined : readText(values.CERALACCA_TLS_CA_FILE)

/** @throws `bad-config` that names the file */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw clientError('bad-config', `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
