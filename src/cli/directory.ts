/** `ceralacca directory`: the directory of all providers, and this provider's own record in it. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { EventSink } from '../base/events.ts'
import { clientError } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import type { Config } from '../config/config.ts'
import { certificateHash, type RecordProblem } from '../directory/records.ts'
import type { RefreshResult } from '../directory/refresh.ts'
import { openSignedDirectory } from '../directory/signed-directory.ts'
import type { ProviderRecord } from '../directory/types.ts'
import { directoryRoots } from '../wiring/keys.ts'
import { table, type Command, type Option, type Output } from './command.ts'
import { withInstallation } from './connect.ts'
import { directoryParts } from '../wiring/directory-parts.ts'
import { openSeal } from '../wiring/seal-parts.ts'

const FORCE: Record<string, Option> = {
  force: { type: 'boolean', help: 'take it although it is signed by another one than before, or has lost many providers' },
}

type Parts = ReturnType<typeof directoryParts>

/** The parts of the directory of the running installation. @throws `not-running` */
export const withDirectory = <T>(config: Config, work: (parts: Parts) => Promise<T>): Promise<T> =>
  withInstallation(config, async (installation) => {
    // What the command has to say it prints; what else goes wrong goes to the log.
    const log = createLog(config.values.CERALACCA_LOG_LEVEL)
    const report: EventSink = (name, data) => {
      if (name !== 'directory-problems') log(name, data)
    }
    const { identities, revocation, now } = await openSeal(config, installation, report)
    const { database, domains } = installation
    return work(directoryParts(config, { database, domains, identities, revocation, report, now }))
  })

export const directoryShow: Command = {
  words: ['directory', 'show'],
  summary: 'Show the providers, or one of them by its name or a domain of it.',
  operands: ['[NAME|DOMAIN]'],
  run: ({ config, operands: [wanted] }) =>
    withDirectory(config, async ({ directory }) => {
      if (wanted !== undefined) return showProviders(await find(directory, wanted))
      const records = await directory.records()
      const state = await directory.state()
      const signer = state.signer && nameOf(state.signer)
      const rows = [
        ['Version', String(state.version)],
        ['Fetched', state.fetchedAt?.toISOString() ?? 'never'],
        ['Signed by', signer ?? '(nobody)'],
        ['Last error', state.lastError === null ? '(none)' : `${state.lastError} (${state.failedAt?.toISOString()})`],
        // Without a URL nobody ever looks.
        ['Next look', config.values.CERALACCA_DIRECTORY_URL === undefined ? 'never' : state.nextRefresh.toISOString()],
      ]
      const providers = records.map(({ name, unit, domains, mailReceipt }) => [
        name,
        unit ?? '',
        String(domains.length),
        mailReceipt,
      ])
      const titles = ['PROVIDER', 'ENVIRONMENT', 'DOMAINS', 'SERVICE MAILBOX']
      const { version, fetchedAt, lastError, failedAt, nextRefresh } = state
      return {
        text: `${table(rows)}\n\n${table([titles, ...providers])}`,
        json: { version, fetchedAt, signer, lastError, failedAt, nextRefresh, providers: records.map(shown) },
      }
    }),
}

async function find(directory: Parts['directory'], wanted: string): Promise<readonly ProviderRecord[]> {
  const name = wanted.toLowerCase()
  const named = (await directory.records()).filter((record) => record.name.toLowerCase() === name)
  if (named.length > 0) return named
  const owner = await directory.providerOf(wanted)
  if (!owner) throw clientError('no-such-provider', `No provider is named "${wanted}" or has such a domain`)
  return [owner]
}

const showProviders = (records: readonly ProviderRecord[]): Output => ({
  text: records.map((record) => describe(record)).join('\n\n'),
  json: records.map(shown),
})

function describe({ name, unit, mailReceipt, domains, certificates, ldifUrl, description }: ProviderRecord): string {
  return table([
    ['Name', name],
    ...(unit === null ? [] : [['Environment', unit]]),
    ...(description === null ? [] : [['Description', description]]),
    ['Service mailbox', mailReceipt],
    ['Own record', ldifUrl ?? '(nowhere)'],
    ...certificates.map((der, index) => [
      index === 0 ? 'Certificates' : '',
      `${certificateHash(der)} until ${new X509Certificate(der).validTo}`,
    ]),
    ...domains.map((domain, index) => [index === 0 ? 'Domains' : '', domain]),
  ])
}

const shown = ({ certificates, ...record }: ProviderRecord): object => ({
  ...record,
  certificates: certificates.map((der) => ({ sha1: certificateHash(der), validTo: new X509Certificate(der).validTo })),
})

const nameOf = (certificate: Buffer): string => new X509Certificate(certificate).subject.replaceAll('\n', ', ')

export const directoryRefresh: Command = {
  words: ['directory', 'refresh'],
  summary: 'Fetch the directory of the providers now.',
  options: FORCE,
  run: ({ config, options }) =>
    withDirectory(config, async ({ refresh }) => describeResult(await refresh.refresh(options['force'] === true))),
}

export const directoryImport: Command = {
  words: ['directory', 'import'],
  summary: 'Take the directory from a signed file (.p7m), with the same checks.',
  operands: ['FILE'],
  options: FORCE,
  run: ({ config, operands: [file = ''], options }) =>
    withDirectory(config, async ({ refresh }) =>
      describeResult(await refresh.importFile(readGiven(file), options['force'] === true)),
    ),
}

function describeResult({ changed, problems, ...counts }: RefreshResult): Output {
  const { version, providers, domains } = counts
  const what = changed ? 'is in use now' : 'was in use already'
  return {
    text: [`Version ${version} ${what}: ${providers} records, ${domains} domains.`, ...problems.map(describeProblem)].join('\n'),
    json: { changed, ...counts, problems },
  }
}

const describeProblem = ({ line, dn, problem, lost }: RecordProblem): string =>
  `line ${line}, ${dn}: ${problem}${lost === 'nothing' ? '' : lost === 'record' ? ' (the record is left out)' : ' (left out)'}`

export const directoryCheck: Command = {
  words: ['directory', 'check'],
  summary: 'Verify and read a signed directory file (.p7m) without using it.',
  details: 'Exit code 1 if something in it cannot be used.',
  operands: ['FILE'],
  async run({ config, operands: [file = ''] }) {
    const opened = openSignedDirectory(readGiven(file), { roots: directoryRoots(config), at: Date.now() })
    const { records, problems, location } = opened
    const signer = nameOf(opened.signer)
    const domains = records.reduce((sum, record) => sum + record.domains.length, 0)
    return {
      text: [`Signed by ${signer}. ${records.length} records, ${domains} domains.`, ...problems.map(describeProblem)].join('\n'),
      json: { signer, location, domains, problems, providers: records.map(shown) },
      exitCode: problems.some(({ lost }) => lost !== 'nothing') ? 1 : 0,
    }
  },
}

export const directoryExport: Command = {
  words: ['directory', 'export'],
  summary: "Write this provider's own record, LDIF, to standard output.",
  options: { signed: { type: 'boolean', help: 'as the signed file (.p7m, binary)' } },
  run: ({ config, options }) =>
    withDirectory(config, async ({ ownRecord }) => {
      process.stdout.write(options['signed'] === true ? await ownRecord.signed() : await ownRecord.ldif())
      return undefined
    }),
}

function readGiven(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw clientError('no-such-file', error instanceof Error ? error.message : `${path} cannot be read`)
  }
}
