/**
 * Two providers in two processes on two databases, certified by one authority, each in the directory of the other, with routes to each
 * other's MX service. What a test needs to see certified mail go from one to the other and back.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificatesOf } from '../../src/seal/pem.ts'
import type { ProviderRecord } from '../../src/directory/types.ts'
import type { TestAuthority } from '../../src/seal/test-authority.ts'
import type { Owner } from './cleanup.ts'
import { createDirectoryAuthority, type DirectoryAuthority } from './directory-authority.ts'
import { freeOffset, PORTS, startProvider, temporaryFolder, type Provider } from './provider.ts'

export interface Plan {
  /** settings of a provider besides those of its identity */
  readonly environment?: Record<string, string>
  /** domains besides its own that the directory says are its; `domain add` serves them */
  readonly domains?: readonly string[]
  /** where mail goes, `host:port` by domain; before the other's MX, where they name its domain */
  readonly routes?: Readonly<Record<string, string>>
  readonly main?: string
}

/** What is fixed before a provider starts. */
export interface Site {
  readonly name: string
  readonly domain: string
  readonly offset: number
  readonly dataFolder: string
  readonly environment: Record<string, string>
  readonly record: ProviderRecord
}

export interface Plans {
  readonly alfa?: Plan
  readonly beta?: Plan
  /** more providers for the directory */
  readonly others?: (authority: TestAuthority) => Promise<readonly ProviderRecord[]>
  /** more routes of both, `domain=host:port`; a later one goes before that to each other */
  readonly routes?: readonly string[]
}

export interface TwoProviders {
  readonly authority: DirectoryAuthority
  readonly sites: { readonly alfa: Site; readonly beta: Site }
  readonly alfa: Provider
  readonly beta: Provider
  /** Starts one again on its data, after it was stopped or killed. */
  restart(which: 'alfa' | 'beta', plan?: Plan): Promise<Provider>
}

const DOMAINS = { alfa: 'pec.alfa.test', beta: 'pec.beta.test' }
const NAMES = { alfa: 'Gestore Alfa', beta: 'Gestore Beta' }

/** Keys of a provider, made by the common authority, as files that the settings name. */
async function prepareSite(
  folder: string,
  which: 'alfa' | 'beta',
  { authority }: DirectoryAuthority,
  more: readonly string[] = [],
): Promise<Omit<Site, 'environment'> & { keys: Record<string, string> }> {
  const [name, domain] = [NAMES[which], DOMAINS[which]]
  const seal = await authority.issueSealCertificate({ providerName: name, address: `posta-certificata@${domain}` })
  const tls = await authority.issueTlsCertificate({ names: ['localhost', '127.0.0.1'] })
  const path = (file: string, text: string): string => {
    writeFileSync(join(folder, `${which}-${file}`), text, { mode: 0o600 })
    return join(folder, `${which}-${file}`)
  }
  const record: ProviderRecord = {
    name,
    unit: null,
    mailReceipt: `ricevute@${domain}`,
    domains: [domain, ...more],
    certificates: certificatesOf(seal.certificate),
    ldifUrl: null,
    description: null,
  }
  return {
    name,
    domain,
    offset: await freeOffset(),
    dataFolder: join(folder, which),
    record,
    keys: {
      CERALACCA_SEAL_CERTIFICATE_FILE: path('seal.pem', `${seal.certificate}${authority.certificate}`),
      CERALACCA_SEAL_KEY_FILE: path('seal-key.pem', seal.key),
      CERALACCA_TLS_CERTIFICATE_FILE: path('tls.pem', `${tls.certificate}${authority.certificate}`),
      CERALACCA_TLS_KEY_FILE: path('tls-key.pem', tls.key),
    },
  }
}

export interface Plans {
  readonly alfa?: Plan
  readonly beta?: Plan
  /** default: a new one */
  readonly authority?: DirectoryAuthority
}

export async function startTwoProviders(owner: Owner, plans: Plans = {}): Promise<TwoProviders> {
  const folder = temporaryFolder(owner)
  mkdirSync(folder, { recursive: true })
  const authority = plans.authority ?? (await createDirectoryAuthority())
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, authority.authority.certificate)
  const prepared = {
    alfa: await prepareSite(folder, 'alfa', authority, plans.alfa?.domains),
    beta: await prepareSite(folder, 'beta', authority, plans.beta?.domains),
  }
  const others = (await plans.others?.(authority.authority)) ?? []
  const directoryFile = join(folder, 'directory.ldif.p7m')
  writeFileSync(directoryFile, await authority.sign([prepared.alfa.record, prepared.beta.record, ...others]))

  const siteOf = (which: 'alfa' | 'beta'): Site => {
    const other = prepared[which === 'alfa' ? 'beta' : 'alfa']
    const { keys, ...site } = prepared[which]
    return {
      ...site,
      environment: {
        ...keys,
        CERALACCA_DOMAIN: site.domain,
        CERALACCA_PROVIDER_NAME: site.name,
        CERALACCA_TRUSTED_CA_FILE: ca,
        CERALACCA_TLS_CA_FILE: ca,
        CERALACCA_ROUTES: [`${other.domain}=localhost:${PORTS.mx + other.offset}`, ...(plans.routes ?? [])].join(','),
      },
    }
  }
  const sites = { alfa: siteOf('alfa'), beta: siteOf('beta') }

  async function start(which: 'alfa' | 'beta', { routes = {}, main, ...plan }: Plan = {}): Promise<Provider> {
    const { offset, dataFolder, environment } = sites[which]
    // Of two routes for a domain the last one counts.
    const CERALACCA_ROUTES = [
      environment['CERALACCA_ROUTES'],
      ...Object.entries(routes).map(([domain, to]) => `${domain}=${to}`),
    ].join(',')
    return startProvider(owner, {
      offset,
      dataFolder,
      ...(main !== undefined && { main }),
      environment: { ...environment, CERALACCA_ROUTES, ...plan.environment },
    })
  }

  const [alfa, beta] = await Promise.all([start('alfa', plans.alfa), start('beta', plans.beta)])
  for (const provider of [alfa, beta]) {
    const { code, stderr } = await provider.ceralacca('directory', 'import', directoryFile)
    if (code !== 0) throw new Error(`the directory was not imported: ${stderr}`)
  }
  return { authority, sites, alfa, beta, restart: start }
}
