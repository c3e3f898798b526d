/** Keys and certificates, as the settings say: whose they are, and which authorities are believed. */
import { readFileSync } from 'node:fs'
import { clientError } from '../base/errors.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { openFileKey } from '../seal/file-key.ts'
import { createFileKeyStore } from '../seal/file-key-store.ts'
import type { IdentityRequest, KeyFiles, SealSource } from '../seal/identity.ts'
import type { KeyStore, SealKey } from '../seal/key-store.ts'
import { certificatesOf } from '../seal/pem.ts'
import type { TestKeysRequest } from '../seal/test-keys.ts'
import { createTokenKeyStore } from '../seal/token-key-store.ts'

/** What the test authority certifies for an installation that has no keys of its own. */
export function testKeysRequest({ values }: Config): TestKeysRequest {
  return {
    providerName: values.CERALACCA_PROVIDER_NAME,
    address: `posta-certificata@${values.CERALACCA_DOMAIN}`,
    names: [...new Set([values.CERALACCA_SERVER_NAME, 'localhost', '127.0.0.1'])],
    now: Date.now(),
  }
}

export function identityRequest(config: Config, stores: KeyStores): IdentityRequest {
  const { values, dataFolder } = config
  return {
    test: { folder: dataPaths(dataFolder).keys, request: testKeysRequest(config) },
    seal: sealSource(config, stores),
    tls: keyFiles('CERALACCA_TLS', values.CERALACCA_TLS_CERTIFICATE_FILE, values.CERALACCA_TLS_KEY_FILE),
  }
}

function keyFiles(prefix: string, certificateFile?: string, keyFile?: string): KeyFiles | undefined {
  if (certificateFile !== undefined && keyFile !== undefined) return { certificateFile, keyFile }
  if (certificateFile === undefined && keyFile === undefined) return undefined
  throw clientError('bad-config', `${prefix}_CERTIFICATE_FILE and ${prefix}_KEY_FILE go together: set both`)
}

function sealSource({ values }: Config, { token }: KeyStores): SealSource | undefined {
  const {
    CERALACCA_SEAL_CERTIFICATE_FILE: certificateFile,
    CERALACCA_SEAL_KEY_FILE: file,
    CERALACCA_SEAL_KEY_NAME: name,
  } = values
  if (name === undefined) {
    const files = keyFiles('CERALACCA_SEAL', certificateFile, file)
    if (!files) return undefined
    const open = (): Promise<SealKey> =>
      Promise.resolve(openFileKey(readText(files.keyFile), values.CERALACCA_SEAL_KEY_PASSPHRASE))
    return { certificateFile: files.certificateFile, open }
  }
  if (file !== undefined) throw clientError('bad-config', 'set CERALACCA_SEAL_KEY_FILE or CERALACCA_SEAL_KEY_NAME, not both')
  if (certificateFile === undefined || !token)
    throw clientError('bad-config', 'CERALACCA_SEAL_KEY_NAME needs CERALACCA_SEAL_CERTIFICATE_FILE and the settings of the token')
  return { certificateFile, open: () => token.open(name) }
}

export interface KeyStores {
  readonly file: KeyStore
  /** null where the settings name none */
  readonly token: KeyStore | null
}

/** Where seal keys are. Nothing is opened yet. @throws `bad-config` */
export function keyStores({ values, dataFolder }: Config): KeyStores {
  const { CERALACCA_PKCS11_MODULE: module, CERALACCA_PKCS11_LABEL: token, CERALACCA_PKCS11_PIN: pin } = values
  const folder = values.CERALACCA_SEAL_KEY_FOLDER ?? dataPaths(dataFolder).seal
  const file = createFileKeyStore(folder, values.CERALACCA_SEAL_KEY_PASSPHRASE)
  if (module === undefined && token === undefined && pin === undefined) return { file, token: null }
  if (module === undefined || token === undefined || pin === undefined)
    throw clientError(
      'bad-config',
      'CERALACCA_PKCS11_MODULE, CERALACCA_PKCS11_LABEL and CERALACCA_PKCS11_PIN go together: set all',
    )
  return { file, token: createTokenKeyStore({ module, token, pin }) }
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
